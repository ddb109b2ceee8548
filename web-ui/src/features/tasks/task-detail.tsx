/** One task whole: what was asked, by whom, each attempt, and what came of it. */
import { clsx } from 'clsx';
import { lazy, type ReactNode, Suspense } from 'react';
import { CopyId } from '@/components/copy';
import { LOOK_TEXT, StateIcon } from '@/components/state-mark';
import { Ago, Elapsed } from '@/components/time';
import { Button } from '@/components/ui/button';
import { useMay } from '@/lib/client';
import { isOpen, showTask } from '@/lib/states';
import type { Attempt, Task, TaskResult } from '@/protocol/types';
import { useCancelTask } from './api';
import { TaskElapsed } from './task-card';

const Markdown = lazy(() => import('@/components/markdown'));

interface TaskDetailProps {
  task: Task;
  onAgent(agentId: string): void;
  onTask(id: number): void;
}

export function TaskDetail({ task, onAgent, onTask }: TaskDetailProps) {
  const cancel = useCancelTask();
  const mayCancel = useMay('tasks:delegate');
  const shown = showTask(task.status);
  return (
    <article className="mx-auto max-w-3xl space-y-7 px-5 py-6">
      <header>
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-ink-3 text-sm">
          <span className={clsx('flex items-center gap-1.5', LOOK_TEXT[shown.look])}>
            <StateIcon look={shown.look} /> {shown.word}
          </span>
          <span className="nums font-mono">#{task.id}</span>
          <TaskElapsed task={task} />
          <span>
            asked by <span className="font-mono">{task.requested_by}</span>
          </span>
          <span>
            <Ago at={task.created_at} /> ago
          </span>
        </p>
        <h1 className="mt-2 font-semibold text-lg">{task.title}</h1>
        {task.reason && <p className="mt-1 text-ink-2">{task.reason}</p>}
        <div className="mt-3 flex flex-wrap gap-2">
          {task.agent_id && (
            <Button onClick={() => task.agent_id && onAgent(task.agent_id)}>Open {task.agent_id}</Button>
          )}
          {task.parent_task_id !== null && (
            <Button variant="ghost" onClick={() => task.parent_task_id && onTask(task.parent_task_id)}>
              Part of #{task.parent_task_id}
            </Button>
          )}
          {isOpen(task.status) && mayCancel && (
            <Button variant="danger" disabled={cancel.isPending} onClick={() => cancel.mutate(task.id)}>
              Cancel task
            </Button>
          )}
        </div>
      </header>
      {task.error && (
        <Section title="error">
          <p className="whitespace-pre-wrap break-words text-failed">{task.error}</p>
        </Section>
      )}
      {task.result && <Result result={task.result} />}
      <Section title="asked">
        <p className="whitespace-pre-wrap break-words text-ink-2">{task.prompt}</p>
      </Section>
      {task.attempts.length > 0 && (
        <Section title={task.attempts.length === 1 ? 'attempt' : 'attempts'}>
          <ol className="space-y-1.5">
            {task.attempts.map((attempt) => (
              <AttemptRow key={attempt.number} attempt={attempt} onAgent={onAgent} />
            ))}
          </ol>
        </Section>
      )}
    </article>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h2 className="label mb-2">{title}</h2>
      {children}
    </section>
  );
}

function Result({ result }: { result: TaskResult }) {
  const files = [...new Set([...(result.declared?.files ?? []), ...result.files])];
  return (
    <Section title="result">
      <div className="space-y-4 rounded-lg border border-line bg-surface p-4">
        {result.declared && (
          <p className="font-medium">
            {result.declared.success === false && <span className="text-failed">Not done. </span>}
            {result.declared.summary}
          </p>
        )}
        <Suspense fallback={<p className="whitespace-pre-wrap">{result.text}</p>}>
          <Markdown text={result.text} />
        </Suspense>
        {files.length > 0 && (
          <ul className="flex flex-wrap gap-1.5">
            {files.map((file) => (
              <li key={file} className="max-w-full rounded-sm border border-line bg-sunken px-2 py-0.5">
                <CopyId text={file} />
              </li>
            ))}
          </ul>
        )}
        {result.diff_stat && (
          <pre
            // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways
            tabIndex={0}
            className="overflow-x-auto whitespace-pre font-mono text-ink-2 text-xs"
          >
            {result.diff_stat}
          </pre>
        )}
      </div>
    </Section>
  );
}

const ATTEMPT_LOOK = {
  starting: 'starting',
  running: 'busy',
  completed: 'done',
  failed: 'failed',
  timeout: 'failed',
  killed: 'ended',
} as const;

function AttemptRow({ attempt, onAgent }: { attempt: Attempt; onAgent(agentId: string): void }) {
  const look = ATTEMPT_LOOK[attempt.status];
  return (
    <li className="flex flex-wrap items-baseline gap-x-3 text-sm">
      <span className="label nums w-4">{attempt.number}</span>
      <span className={clsx('flex items-center gap-1.5 self-center', LOOK_TEXT[look])}>
        <StateIcon look={look} size={12} /> {attempt.status}
      </span>
      {attempt.agent_id && (
        <button
          type="button"
          className="font-mono text-xs hover:text-accent"
          onClick={() => attempt.agent_id && onAgent(attempt.agent_id)}
        >
          {attempt.agent_id}
        </button>
      )}
      <span className="text-ink-3">
        <Elapsed from={attempt.started_at} until={attempt.ended_at} />
      </span>
      {attempt.reason && <span className="text-ink-2">{attempt.reason}</span>}
    </li>
  );
}
