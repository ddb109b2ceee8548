/** A plan that waits for a yes or a no: its tasks, and the two answers. */
import { Check, X } from 'lucide-react';
import { StateIcon } from '@/components/state-mark';
import { Button } from '@/components/ui/button';
import { useMay } from '@/lib/client';
import { plural } from '@/lib/format';
import { awaitsApproval, showTask } from '@/lib/states';
import type { Task } from '@/protocol/types';
import { useDecidePlan } from './api';

interface PlanCardProps {
  taskIds: readonly number[];
  tasks: readonly Task[];
  onOpen(task: Task): void;
}

export function PlanCard({ taskIds, tasks, onOpen }: PlanCardProps) {
  const decide = useDecidePlan();
  const may = useMay('tasks:delegate');
  const known = taskIds
    .map((id) => tasks.find((task) => task.id === id))
    .filter((task) => task !== undefined);
  const open = known.length === 0 || known.some(awaitsApproval);
  const answer = (decision: 'approve' | 'reject') => decide.mutate({ task_ids: [...taskIds], decision });
  const sent = decide.isSuccess || decide.isPending;
  return (
    <section
      aria-label="Plan"
      className="overflow-hidden rounded-lg border border-line-strong bg-raised shadow-1"
    >
      <header className="flex items-center gap-2 px-4 pt-3 pb-2">
        {open && <StateIcon look="waiting" />}
        <h2 className="font-medium text-sm">
          {open ? 'A plan waits for your answer' : 'Plan'}
          <span className="font-normal text-ink-3"> · {plural(taskIds.length, 'task')}</span>
        </h2>
      </header>
      <ol className="border-line border-t">
        {taskIds.map((id, at) => (
          <PlanRow key={id} at={at + 1} id={id} task={known.find((task) => task.id === id)} onOpen={onOpen} />
        ))}
      </ol>
      {open && may && (
        <footer className="flex gap-2 border-line border-t bg-surface px-4 py-3">
          <Button variant="solid" disabled={sent} onClick={() => answer('approve')}>
            <Check size={15} /> Approve
          </Button>
          <Button disabled={sent} onClick={() => answer('reject')}>
            <X size={15} /> Reject
          </Button>
          {sent && <span className="self-center text-ink-3 text-sm">sent</span>}
        </footer>
      )}
    </section>
  );
}

interface PlanRowProps {
  at: number;
  id: number;
  task: Task | undefined;
  onOpen(task: Task): void;
}

function PlanRow({ at, id, task, onOpen }: PlanRowProps) {
  if (!task) {
    return <li className="px-4 py-2 text-ink-3 text-sm">task {id}</li>;
  }
  const shown = showTask(task.status);
  return (
    <li className="border-line border-b last:border-b-0">
      <button
        type="button"
        onClick={() => onOpen(task)}
        className="flex w-full items-baseline gap-3 px-4 py-2 text-left text-sm hover:bg-hover touch:min-h-11 touch:items-center"
      >
        <span className="label nums w-4">{at}</span>
        <span className="min-w-0 flex-1">{task.title}</span>
        <span className="shrink-0 font-mono text-ink-3 text-xs">{task.specialist ?? task.kind ?? ''}</span>
        {!awaitsApproval(task) && (
          <span className="flex shrink-0 items-center gap-1.5 self-center text-ink-3 text-xs">
            <StateIcon look={shown.look} size={12} /> {shown.word}
          </span>
        )}
      </button>
    </li>
  );
}
