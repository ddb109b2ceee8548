/** The reply of a busy agent as far as its CLI has written it down: words, and each tool in a line. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { RichText } from '@/components/rich-text';
import { StateIcon } from '@/components/state-mark';
import { messagesQuery } from '@/features/chat/api';
import { inOrder } from '@/features/chat/messages';
import { viewTool } from '@/features/sessions/tools';
import type { Piece, Turn } from '@/features/sessions/turns';
import { useTranscript } from '@/features/sessions/use-transcript';
import { useClient } from '@/lib/client';
import { keys } from '@/lib/keys';
import type { Agent, TranscriptPage } from '@/protocol/types';

/** So often one looks for the session of an agent that has none yet. */
const LOOK_MS = 2_000;
/** What is further back in the turn folds into a number. */
const SHOWN = 6;

export default function GrowingReply({ agent }: { agent: Agent }) {
  const { api } = useClient();
  const session = useQuery({
    queryKey: keys.sessionOf(agent.id),
    queryFn: async ({ signal }) => {
      const live = await api.get<TranscriptPage>('/api/transcripts?live=true&limit=200', signal);
      return live.items.find((each) => each.agent_id === agent.id)?.id ?? null;
    },
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data ? false : LOOK_MS),
  });
  const talk = useInfiniteQuery(messagesQuery(api, agent.id));
  const answered = inOrder(talk.data).findLast(({ author }) => author === 'assistant');
  return session.data ? <LastTurn id={session.data} after={answered?.created_at ?? null} /> : null;
}

function LastTurn({ id, after }: { id: string; after: string | null }) {
  const { turns } = useTranscript(id, 'end');
  const pieces = piecesAfter(turns, after);
  const hidden = Math.max(0, pieces.length - SHOWN);
  if (pieces.length === 0) return null;
  return (
    <div className="mb-2 space-y-2 border-busy border-l-2 pl-3" data-growing="">
      {hidden > 0 && <p className="label">{hidden} steps before</p>}
      {pieces.slice(hidden).map((piece) => (
        <Line key={`${piece.offset} ${piece.kind}`} piece={piece} />
      ))}
    </div>
  );
}

/** What was said since the last answer of the talk; that one and those before stand there already. */
export function piecesAfter(turns: readonly Turn[], after: string | null): Piece[] {
  const last = turns.at(-1);
  if (last?.role !== 'assistant') return [];
  if (after && last.at && Date.parse(last.at) <= Date.parse(after)) return [];
  return last.pieces.filter(({ kind }) => kind === 'text' || kind === 'tool');
}

function Line({ piece }: { piece: Piece }) {
  if (piece.kind === 'text') return <RichText text={piece.text} />;
  if (piece.kind !== 'tool') return null;
  const { name, summary } = viewTool(piece.call.name, piece.call.input);
  const look = piece.result === null ? 'busy' : piece.result.is_error ? 'failed' : 'done';
  return (
    <p className="flex items-center gap-2 text-ink-2 text-sm">
      <StateIcon look={look} size={11} />
      <span className="shrink-0">{name}</span>
      <span className="truncate font-mono text-ink-3 text-xs">{summary}</span>
    </p>
  );
}
