/** A task's life as spans one after the other: waiting, each attempt, the pauses between. */
import { isOpen } from '@/lib/states';
import type { Attempt, Task } from '@/protocol/types';

export interface Span {
  key: string;
  /** Null while nobody worked on it. */
  attempt: Attempt | null;
  word: string;
  from: number;
  to: number;
}

export function spansOf(task: Task, now: number): Span[] {
  const end = task.ended_at ? Date.parse(task.ended_at) : isOpen(task.status) ? now : null;
  const spans: Span[] = [];
  let at = Date.parse(task.created_at);
  const wait = (until: number, word: string) => {
    if (until - at >= 1000) spans.push({ key: `wait-${at}`, attempt: null, word, from: at, to: until });
    at = Math.max(at, until);
  };
  for (const attempt of [...task.attempts].sort((a, b) => a.number - b.number)) {
    const from = Date.parse(attempt.started_at);
    const to = attempt.ended_at ? Date.parse(attempt.ended_at) : Math.max(from, end ?? now);
    wait(from, spans.length ? 'between attempts' : 'queued');
    spans.push({ key: `attempt-${attempt.number}`, attempt, word: attempt.status, from, to });
    at = Math.max(at, to);
  }
  if (end !== null) wait(end, isOpen(task.status) ? task.status : 'after the last attempt');
  return spans;
}
