/** One turn: who, when, what it cost, and its pieces in order. */
import { clsx } from 'clsx';
import { Check, Link2 } from 'lucide-react';
import { memo, type ReactNode } from 'react';
import { useCopied } from '@/components/copy';
import { RichText } from '@/components/rich-text';
import { clock, day, dollars, exact } from '@/lib/format';
import type { Transcript } from '@/protocol/types';
import { kindWord } from './filter';
import { Fold } from './fold';
import { usageWords } from './shown';
import { ToolItem, ToolText } from './tool-item';
import { holds, type Piece, type Turn } from './turns';

interface TurnItemProps {
  turn: Turn;
  /** The first of its day. */
  dated: boolean;
  kind: string;
  /** Whoever asks is another agent. */
  nested: boolean;
  /** The entry that a link points at. */
  marked: number | null;
  subAgents: readonly Transcript[];
  renderSubAgent(session: Transcript): ReactNode;
  linkTo(offset: number): string;
}

export const TurnItem = memo(function TurnItem(props: TurnItemProps) {
  const { turn, kind, marked } = props;
  const mine = turn.role === 'user';
  if (turn.role === 'system') {
    return (
      <Frame {...props} label="system">
        <div className="space-y-1.5 text-sm">
          {turn.pieces.map((piece, at) => (
            <Placed key={at} piece={piece} marked={marked}>
              <Aside piece={piece} marked={marked} />
            </Placed>
          ))}
        </div>
      </Frame>
    );
  }
  return (
    <Frame {...props} label={mine ? (props.nested ? 'asked' : 'you') : (turn.model ?? kindWord(kind))}>
      <div className={clsx('space-y-2.5', mine && 'rounded-lg border border-line bg-raised px-3.5 py-2')}>
        {turn.pieces.map((piece, at) => (
          <Placed key={at} piece={piece} marked={marked}>
            <PieceItem {...props} piece={piece} />
          </Placed>
        ))}
      </div>
    </Frame>
  );
}, unchanged);

function unchanged(before: TurnItemProps, after: TurnItemProps): boolean {
  return (
    before.turn.offset === after.turn.offset &&
    before.turn.stamp === after.turn.stamp &&
    before.marked === after.marked &&
    before.dated === after.dated &&
    before.subAgents.length === after.subAgents.length
  );
}

function Frame({
  turn,
  dated,
  label,
  linkTo,
  children,
}: TurnItemProps & { label: string; children: ReactNode }) {
  return (
    <article
      aria-label={`${label}, ${turn.at ? clock(turn.at) : 'time unknown'}`}
      // What is out of sight is not laid out: a session may have thousands of turns.
      className="group/turn [contain-intrinsic-size:auto_8rem] [content-visibility:auto]"
    >
      <header className="label mb-1 flex min-h-6 flex-wrap items-center gap-x-2.5">
        <span className={turn.role === 'user' ? 'text-accent' : 'text-ink-2'}>{label}</span>
        {turn.at && (
          <time dateTime={turn.at} title={exact(turn.at)} className="nums">
            {dated ? `${day(turn.at)}, ${clock(turn.at)}` : clock(turn.at)}
          </time>
        )}
        {turn.usage && (
          <span className="nums">
            {usageWords(turn.usage)} · {turn.cost_usd === null ? 'cost unknown' : dollars(turn.cost_usd)}
          </span>
        )}
        <CopyLink link={() => linkTo(turn.offset)} />
      </header>
      {children}
    </article>
  );
}

function CopyLink({ link }: { link(): string }) {
  const [copied, copy] = useCopied();
  return (
    <button
      type="button"
      aria-label={copied ? 'Copied' : 'Copy a link to this message'}
      onClick={() => copy(link())}
      className="grid size-6 place-items-center rounded-sm opacity-0 hover:text-ink focus-visible:opacity-100 group-hover/turn:opacity-100 touch:-my-2.5 touch:ml-auto touch:size-11 touch:opacity-70"
    >
      {copied ? <Check size={12} className="text-done" /> : <Link2 size={13} />}
    </button>
  );
}

/** Carries the offsets that links name, and shows which one was meant. */
function Placed({ piece, marked, children }: { piece: Piece; marked: number | null; children: ReactNode }) {
  const also = piece.kind === 'tool' && piece.resultAt !== null ? ` ${piece.resultAt}` : '';
  const meant = marked !== null && holds(piece, marked);
  return (
    <div
      data-entry={`${piece.offset}${also}`}
      className={clsx(meant && 'rounded-md p-2 outline-2 -outline-offset-2 outline-accent')}
    >
      {children}
    </div>
  );
}

function PieceItem({ piece, ...props }: TurnItemProps & { piece: Piece }) {
  switch (piece.kind) {
    case 'text':
      return <RichText text={piece.text} />;
    case 'tool':
      return (
        <ToolItem
          piece={piece}
          open={props.marked !== null && holds(piece, props.marked)}
          subAgents={props.subAgents
            .filter((each) => each.call_id === piece.call.call_id)
            .map(props.renderSubAgent)}
        />
      );
    case 'result':
      return (
        <Fold title="Result" rest={piece.result.is_error ? 'failed' : ''} failed={piece.result.is_error}>
          <ToolText text={piece.result.text} />
        </Fold>
      );
    case 'thinking':
    case 'error':
    case 'note':
      return <Aside piece={piece} marked={props.marked} />;
    default:
      return piece satisfies never;
  }
}

const SHORT = 120;

/** Thoughts, notes of the CLI, and its errors. */
function Aside({ piece, marked }: { piece: Piece; marked: number | null }) {
  if (piece.kind === 'tool' || piece.kind === 'result') return null;
  const { kind, text } = piece;
  if (kind === 'error') {
    return (
      <p className="whitespace-pre-wrap break-words border-failed border-l-2 pl-3 text-failed">
        <span className="font-medium">Error.</span> {text}
      </p>
    );
  }
  const line = text.trim().split('\n')[0] ?? '';
  if (kind !== 'thinking' && text.length < SHORT && line === text.trim()) {
    return <p className="break-words text-ink-3 text-sm">{text}</p>;
  }
  return (
    <Fold
      title={kind === 'thinking' ? 'Thought' : kind === 'note' ? 'Note' : 'Told by the CLI'}
      rest={line}
      open={marked === piece.offset}
    >
      <p className="whitespace-pre-wrap break-words px-3 py-2 text-ink-2 text-sm">{text}</p>
    </Fold>
  );
}
