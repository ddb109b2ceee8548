/** The facts beside an agent: why it is in its state, its tasks, its numbers. */
import { Link } from '@tanstack/react-router';
import { clsx } from 'clsx';
import { GitBranch, X } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { IconButton } from '@/components/ui/button';
import { Inspector } from '@/features/agents/inspector';
import { TaskCard } from '@/features/tasks/task-card';
import { isLive } from '@/lib/states';
import type { Agent } from '@/protocol/types';
import { useOpenAgent, useOpenTask, useTasks } from '../use-room';

const BudgetPanel = lazy(() => import('@/features/budgets/budget-panel'));

interface FactsProps {
  agent: Agent;
  /** Over the stage, where there is no room beside it. */
  floating: boolean;
  onClose(): void;
}

export function Facts({ agent, floating, onClose }: FactsProps) {
  const tasks = useTasks().data ?? [];
  const openTask = useOpenTask();
  const openAgent = useOpenAgent();
  const mine = tasks.filter((task) => task.id === agent.task_id || task.agent_id === agent.id).slice(0, 3);
  return (
    <aside
      aria-label="Facts"
      className={clsx(
        'flex w-[304px] shrink-0 flex-col border-line border-l bg-surface',
        floating && 'absolute inset-y-0 right-0 z-10 animate-appear shadow-2 phone:left-0 phone:w-auto',
      )}
    >
      {floating && (
        <header className="flex h-12 shrink-0 items-center justify-between border-line border-b pr-1 pl-4">
          <h2 className="font-medium font-mono text-sm">{agent.id}</h2>
          <IconButton label="Close the facts" onClick={onClose}>
            <X size={16} />
          </IconButton>
        </header>
      )}
      <Inspector agent={agent}>
        {isLive(agent) && (
          <Suspense fallback={null}>
            <BudgetPanel whose={{ agent: agent.id }} report={agent.budget} />
          </Suspense>
        )}
        {agent.worktree_id && (
          <section>
            <h2 className="label mb-2">worktree</h2>
            <Link
              to="/worktrees/$worktreeId"
              params={{ worktreeId: agent.worktree_id }}
              className="inline-flex items-center gap-2 text-accent text-sm underline touch:min-h-11"
            >
              <GitBranch size={14} /> What it changed
            </Link>
          </section>
        )}
        {mine.length > 0 && (
          <section>
            <h2 className="label mb-2">{mine.length === 1 ? 'task' : 'tasks'}</h2>
            <div className="space-y-2">
              {mine.map((task) => (
                <TaskCard
                  key={task.id}
                  task={task}
                  onOpen={openTask}
                  onTerminal={(id) => openAgent({ id })}
                />
              ))}
            </div>
          </section>
        )}
      </Inspector>
    </aside>
  );
}
