/** A delegation as a card, with the last line of the screen of whoever works on it. */
import { TaskCard } from '@/features/tasks/task-card';
import { LastLine } from '@/features/terminal/excerpt';
import type { Task } from '@/protocol/types';
import { useOpenAgent, useOpenTask } from '../use-room';

/** Opens a terminal beside what is shown; without it, in its own view. */
export function LiveTask({ task, onBeside }: { task: Task; onBeside?: (agentId: string) => void }) {
  const openTask = useOpenTask();
  const openAgent = useOpenAgent();
  const works = task.status === 'running' && task.agent_id !== null;
  return (
    <TaskCard
      task={task}
      onOpen={openTask}
      onTerminal={(id) => (onBeside ? onBeside(id) : openAgent({ id }))}
      line={works && <LastLine sessionId={`sess-${task.agent_id}`} className="mt-1 text-ink-3" />}
    />
  );
}
