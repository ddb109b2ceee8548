/** All tasks, newest first, filtered by where they stand. */
import { clsx } from 'clsx';
import { StateIcon } from '@/components/state-mark';
import { Ago } from '@/components/time';
import { awaitsApproval, isOpen, showTask } from '@/lib/states';
import type { Task } from '@/protocol/types';
import { TaskElapsed } from './task-card';

export const FILTERS = ['all', 'open', 'done', 'failed'] as const;
export type Filter = (typeof FILTERS)[number];

export function filterTasks(tasks: readonly Task[], filter: Filter): Task[] {
  return tasks.filter((task) => {
    if (filter === 'open') return isOpen(task.status);
    if (filter === 'done') return task.status === 'completed';
    if (filter === 'failed') return ['failed', 'timeout', 'cancelled'].includes(task.status);
    return true;
  });
}

interface TaskListProps {
  tasks: readonly Task[];
  selected: number | null;
  onOpen(task: Task): void;
}

export function TaskList({ tasks, selected, onOpen }: TaskListProps) {
  return (
    <ul>
      {tasks.map((task) => (
        <TaskRow key={task.id} task={task} selected={task.id === selected} onOpen={() => onOpen(task)} />
      ))}
    </ul>
  );
}

function TaskRow({ task, selected, onOpen }: { task: Task; selected: boolean; onOpen(): void }) {
  const shown = showTask(task.status);
  return (
    // Rows out of sight cost nothing to lay out.
    <li className="border-line border-b [contain-intrinsic-size:auto_52px] [content-visibility:auto]">
      <button
        type="button"
        data-task={task.id}
        aria-current={selected ? 'page' : undefined}
        onClick={onOpen}
        className={clsx(
          'flex w-full items-center gap-3 px-4 py-2 text-left transition-colors duration-(--fast)',
          selected ? 'bg-hover' : 'hover:bg-hover/60',
        )}
      >
        <StateIcon look={shown.look} />
        <span className="min-w-0 flex-1">
          <span className="block truncate text-sm">{task.title}</span>
          <span className="flex gap-2 text-ink-3 text-xs">
            <span className="nums font-mono">#{task.id}</span>
            <span>{awaitsApproval(task) ? 'waits for you' : shown.word}</span>
            {task.attempts.length > 0 && <TaskElapsed task={task} />}
            <span className="truncate font-mono">{task.agent_id ?? task.specialist ?? task.kind}</span>
          </span>
        </span>
        <Ago at={task.created_at} className="shrink-0 text-ink-3 text-xs" />
      </button>
    </li>
  );
}
