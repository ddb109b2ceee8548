/** A sub-agent where it was started: one line, and its own talk inside when one asks for it. */
import { CornerDownRight } from 'lucide-react';
import { useState } from 'react';
import { Button } from '@/components/ui/button';
import { Failed, Skeleton } from '@/components/ui/states';
import { otherDay, tokens } from '@/lib/format';
import type { Transcript } from '@/protocol/types';
import { Fold } from './fold';
import { allTokens, costWord, countWords } from './shown';
import { TurnItem } from './turn-item';
import { useTranscript } from './use-transcript';

interface SubAgentProps {
  session: Transcript;
  onSession(id: string): void;
}

export function SubAgent({ session, onSession }: SubAgentProps) {
  const { usage } = session;
  const figures = usage
    ? `${countWords(session)} · ${tokens(allTokens(usage))} tokens · ${costWord(session)}`
    : countWords(session);
  return (
    <div className="flex gap-1.5">
      <CornerDownRight size={15} className="mt-2 shrink-0 text-ink-3 touch:mt-3.5" aria-hidden="true" />
      <div className="min-w-0 flex-1">
        <Fold
          title="Sub-agent"
          rest={session.title}
          side={<span className="nums shrink-0 text-ink-3 text-xs phone:hidden">{figures}</span>}
        >
          <Inside session={session} onSession={onSession} />
        </Fold>
      </div>
    </div>
  );
}

/** Ordered by when it was read; the whole of it is a session of its own. */
function Inside({ session, onSession }: SubAgentProps) {
  const reading = useTranscript(session.id, 'start');
  const [shown, setShown] = useState(20);
  const open = () => onSession(session.id);
  if (reading.isPending) return <Skeleton rows={3} waitingFor="the sub-agent" />;
  if (reading.error) return <Failed error={reading.error} retry={() => void reading.refetch()} />;
  const rest = reading.turns.length - shown;
  return (
    <div className="space-y-4 px-3 py-3">
      {reading.turns.slice(0, shown).map((turn, at) => (
        <TurnItem
          key={turn.offset}
          turn={turn}
          dated={otherDay(reading.turns[at - 1]?.at, turn.at)}
          kind={session.kind}
          nested
          marked={null}
          subAgents={[]}
          renderSubAgent={() => null}
          linkTo={(offset) => `${location.origin}/sessions/${session.id}?at=${offset}`}
        />
      ))}
      <div className="flex flex-wrap gap-2">
        {(rest > 0 || reading.later.more) && (
          <Button
            size="sm"
            disabled={reading.later.loading}
            onClick={() => {
              setShown(shown + 40);
              if (rest < 40 && reading.later.more) void reading.later.load();
            }}
          >
            {reading.later.loading ? 'Reading…' : 'More'}
          </Button>
        )}
        <Button size="sm" variant="ghost" onClick={open}>
          Open on its own
        </Button>
      </div>
    </div>
  );
}
