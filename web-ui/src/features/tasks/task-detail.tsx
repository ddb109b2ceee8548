/** One task whole: what was asked, by whom, each attempt, and what came of it. */
import { clsx } from 'clsx';
import { RotateCcw } from 'lucide-react';
import type { ReactNode } from 'react';
import { CopyId } from '@/components/copy';
import { RichText } from '@/components/rich-text';
import { LOOK_TEXT, StateIcon, StateMark } from '@/components/state-mark';
import { Ago } from '@/components/time';
import { Button } from '@/components/ui/button';
import { useMay } from '@/lib/client';
import { dollars, tokens } from '@/lib/format';
import { isOpen, showTask } from '@/lib/states';
import type { Task, TaskResult, Usage } from '@/protocol/types';
import { useTaskAct } from './api';
import { Attempts } from './attempts';
import { DiffStat } from './diff-stat';
import { TaskElapsed } from './task-card';

interface TaskDetailProps {
  task: Task;
  /** What the agent that works on it has used in all; null when the agent is not known any more. */
  usage: Usage | null;
  /** What this task handed on. */
  parts: readonly Task[];
  /** What belongs above its prompt, of other features. */
  children?: ReactNode;
  onAgent(agentId: string): void;
  onTask(id: number): void;
}

export function TaskDetail({ task, usage, parts, children, onAgent, onTask }: TaskDetailProps) {
  const cancel = useTaskAct('cancel');
  const retry = useTaskAct('retry');
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
            <Ago at={task.created_at} sentence />
          </span>
          {usage && <Used usage={usage} />}
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
          {!isOpen(task.status) && mayCancel && (
            <Button disabled={retry.isPending} onClick={() => retry.mutate(task.id)}>
              <RotateCcw size={14} /> Try again
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
      {children}
      {task.result && <Result result={task.result} />}
      {parts.length > 0 && (
        <Section title="handed on">
          <ul className="divide-y divide-line rounded-lg border border-line bg-surface">
            {parts.map((part) => (
              <PartRow key={part.id} task={part} onOpen={() => onTask(part.id)} />
            ))}
          </ul>
        </Section>
      )}
      <Section title="asked">
        <p className="whitespace-pre-wrap break-words text-ink-2">{task.prompt}</p>
      </Section>
      {task.attempts.length > 0 && (
        <Section title={task.attempts.length === 1 ? 'attempt' : 'attempts'}>
          <Attempts task={task} onAgent={onAgent} />
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
        <RichText text={result.text} />
        {files.length > 0 && (
          <ul className="flex flex-wrap gap-1.5">
            {files.map((file) => (
              <li
                key={file}
                className="max-w-full rounded-sm border border-line bg-sunken px-2 py-0.5 touch:py-0"
              >
                <CopyId text={file} />
              </li>
            ))}
          </ul>
        )}
        {result.diff_stat && <DiffStat text={result.diff_stat} />}
      </div>
    </Section>
  );
}

function PartRow({ task, onOpen }: { task: Task; onOpen(): void }) {
  const shown = showTask(task.status);
  return (
    <li>
      <button
        type="button"
        onClick={onOpen}
        className="flex w-full items-center gap-3 px-4 py-2 text-left text-sm hover:bg-hover touch:min-h-11"
      >
        <span className="label nums">#{task.id}</span>
        <span className="min-w-0 flex-1 truncate">{task.title}</span>
        <StateMark shown={shown} />
      </button>
    </li>
  );
}

function Used({ usage: { input_tokens, output_tokens, cost_usd } }: { usage: Usage }) {
  const all = (input_tokens ?? 0) + (output_tokens ?? 0);
  if (all === 0) return null;
  return (
    <span className="nums" title="What its agent has used in all">
      {tokens(all)} tokens, {cost_usd === null ? 'cost unknown' : dollars(cost_usd)}
    </span>
  );
}
