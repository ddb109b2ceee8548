/** All tasks, newest first; only the rows in sight exist, so ten thousand scroll like ten. */
import { clsx } from 'clsx';
import { memo, useEffect, useRef } from 'react';
import { StateIcon } from '@/components/state-mark';
import { Ago } from '@/components/time';
import { awaitsApproval, showTask } from '@/lib/states';
import { useVirtual } from '@/lib/use-virtual';
import type { Task } from '@/protocol/types';
import { useOlderTasks } from './api';
import { TaskElapsed } from './task-card';

const ROW = 53;

interface TaskListProps {
  tasks: readonly Task[];
  selected: number | null;
  onOpen(task: Task): void;
}

export function TaskList({ tasks, selected, onOpen }: TaskListProps) {
  const area = useRef<HTMLDivElement>(null);
  const { start, end } = useVirtual(area, tasks.length, ROW);
  const older = useOlderTasks();
  const nearEnd = end >= tasks.length - 5;
  useEffect(() => {
    if (nearEnd && older.more) older.load();
  }, [nearEnd, older.more, older.load]);
  return (
    <div ref={area} className="scroll-y min-h-0 flex-1">
      <ul
        style={{ height: tasks.length * ROW, paddingTop: start * ROW }}
        className="box-border"
        aria-label={`${tasks.length} tasks`}
      >
        {tasks.slice(start, end).map((task) => (
          <TaskRow key={task.id} task={task} selected={task.id === selected} onOpen={onOpen} />
        ))}
      </ul>
      {older.more && (
        <p className="label px-4 py-3" role="status">
          {older.loading ? 'reading older tasks…' : ' '}
        </p>
      )}
    </div>
  );
}

interface TaskRowProps {
  task: Task;
  selected: boolean;
  onOpen(task: Task): void;
}

/** While one scrolls, only rows that come into sight are made. */
const TaskRow = memo(function TaskRow({ task, selected, onOpen }: TaskRowProps) {
  const shown = showTask(task.status);
  return (
    <li style={{ height: ROW }} className="border-line border-b">
      <button
        type="button"
        data-task={task.id}
        aria-current={selected ? 'page' : undefined}
        onClick={() => onOpen(task)}
        className={clsx(
          'flex h-full w-full items-center gap-3 px-4 text-left transition-colors duration-(--fast) focus-visible:-outline-offset-2',
          selected ? 'bg-hover' : 'hover:bg-hover/60',
        )}
      >
        <StateIcon look={shown.look} />
        <span className="min-w-0 flex-1">
          <span className="block truncate text-sm">{task.title}</span>
          <span className="flex gap-2 text-ink-3 text-xs">
            <span className="nums font-mono">#{task.id}</span>
            <span className="whitespace-nowrap">{awaitsApproval(task) ? 'waits for you' : shown.word}</span>
            {task.attempts.length > 0 && <TaskElapsed task={task} />}
            <span className="truncate font-mono">{task.agent_id ?? task.specialist ?? task.kind}</span>
          </span>
        </span>
        <Ago at={task.created_at} className="shrink-0 text-ink-3 text-xs" />
      </button>
    </li>
  );
});
