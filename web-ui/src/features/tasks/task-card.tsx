/** A delegation inside a talk: who does it, how far it is, its result; its terminal opens beside. */
import { SquareTerminal, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { LOOK_COLOUR, StateMark } from '@/components/state-mark';
import { IconButton } from '@/components/ui/button';
import { useMay } from '@/lib/client';
import { duration } from '@/lib/format';
import { isOpen, showTask } from '@/lib/states';
import { useNow } from '@/lib/use-now';
import type { Task } from '@/protocol/types';
import { useTaskAct } from './api';

interface TaskCardProps {
  task: Task;
  onOpen(task: Task): void;
  onTerminal(agentId: string): void;
  /** What the agent's screen says last, while it works. */
  line?: ReactNode;
}

export function TaskCard({ task, onOpen, onTerminal, line }: TaskCardProps) {
  const cancel = useTaskAct('cancel');
  const mayCancel = useMay('tasks:delegate');
  const shown = showTask(task.status);
  const open = isOpen(task.status);
  const note = task.error ?? task.result?.declared?.summary ?? task.result?.text ?? task.reason;
  return (
    <article
      style={{ '--edge': LOOK_COLOUR[shown.look] } as React.CSSProperties}
      className="flex items-start gap-3 overflow-hidden rounded-lg border border-line border-l-(--edge) border-l-3 bg-surface py-2 pr-2 pl-3"
    >
      <button type="button" onClick={() => onOpen(task)} className="min-w-0 flex-1 text-left touch:min-h-11">
        <span className="flex items-baseline gap-2">
          <span className="label nums">#{task.id}</span>
          <span className="truncate font-medium text-sm hover:underline">{task.title}</span>
        </span>
        <span className="mt-0.5 flex items-center gap-2 whitespace-nowrap text-ink-3 text-xs">
          <StateMark shown={shown} />
          <TaskElapsed task={task} />
          {task.agent_id && <span className="truncate font-mono">{task.agent_id}</span>}
        </span>
        {line}
        {note && <span className="mt-1 line-clamp-2 block text-ink-2 text-sm">{note}</span>}
      </button>
      {task.agent_id && (
        <IconButton
          label={`Open the terminal of ${task.agent_id}`}
          onClick={() => task.agent_id && onTerminal(task.agent_id)}
        >
          <SquareTerminal size={16} />
        </IconButton>
      )}
      {open && mayCancel && (
        <IconButton label={`Cancel task ${task.id}`} onClick={() => cancel.mutate(task.id)}>
          <X size={16} />
        </IconButton>
      )}
    </article>
  );
}

/** Counts on between updates while the task is open. */
export function TaskElapsed({ task }: { task: Task }) {
  const now = useNow();
  const end = task.ended_at ? Date.parse(task.ended_at) : now;
  const ms = isOpen(task.status)
    ? Math.max(task.elapsed_ms, end - Date.parse(task.created_at))
    : task.elapsed_ms;
  return <span className="nums">{duration(ms)}</span>;
}
