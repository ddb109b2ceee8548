/** The attempts at a task: one bar in proportion to time, and a row for each. */
import { clsx } from 'clsx';
import { LOOK_COLOUR, LOOK_TEXT, StateIcon } from '@/components/state-mark';
import { clock, duration } from '@/lib/format';
import type { Look } from '@/lib/states';
import { useNow } from '@/lib/use-now';
import type { AttemptStatus, Task } from '@/protocol/types';
import { type Span, spansOf } from './timeline';

const LOOKS: Record<AttemptStatus, Look> = {
  starting: 'starting',
  running: 'busy',
  completed: 'done',
  failed: 'failed',
  timeout: 'failed',
  killed: 'ended',
};
/** A span too short to see is drawn this wide, in per cent. */
const LEAST = 2;

function lookOf(span: Span): Look {
  return span.attempt ? LOOKS[span.attempt.status] : 'pending';
}

export function Attempts({ task, onAgent }: { task: Task; onAgent(agentId: string): void }) {
  const spans = spansOf(task, useNow());
  const total = spans.reduce((sum, span) => sum + span.to - span.from, 0) || 1;
  return (
    <div>
      <div className="flex h-2 gap-0.5 overflow-hidden rounded-full" aria-hidden="true">
        {spans.map((span) => (
          <span
            key={span.key}
            title={`${span.word}, ${duration(span.to - span.from)}`}
            style={{
              flexGrow: Math.max(LEAST, ((span.to - span.from) / total) * 100),
              backgroundColor: span.attempt ? LOOK_COLOUR[lookOf(span)] : 'var(--line-strong)',
            }}
          />
        ))}
      </div>
      <ol className="mt-2.5 space-y-1.5">
        {spans.map((span) => (
          <SpanRow key={span.key} span={span} onAgent={onAgent} />
        ))}
      </ol>
    </div>
  );
}

function SpanRow({ span, onAgent }: { span: Span; onAgent(agentId: string): void }) {
  const { attempt } = span;
  const look = lookOf(span);
  return (
    <li className="flex flex-wrap items-baseline gap-x-3 text-sm">
      <span className="label nums w-4">{attempt?.number ?? ''}</span>
      <span className={clsx('flex items-center gap-1.5', attempt ? LOOK_TEXT[look] : 'text-ink-3')}>
        {attempt && <StateIcon look={look} size={12} />}
        {span.word}
      </span>
      {attempt?.agent_id && (
        <button
          type="button"
          className="inline-flex items-center font-mono text-xs underline decoration-line-strong underline-offset-2 hover:text-accent touch:min-h-11"
          onClick={() => attempt.agent_id && onAgent(attempt.agent_id)}
        >
          {attempt.agent_id}
        </button>
      )}
      <span className="nums text-ink-3">{duration(span.to - span.from)}</span>
      <span className="nums text-ink-3 text-xs">from {clock(new Date(span.from).toISOString())}</span>
      {attempt?.reason && <span className="text-ink-2">{attempt.reason}</span>}
    </li>
  );
}
