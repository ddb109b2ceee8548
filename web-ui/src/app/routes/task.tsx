/** One task whole, beside the list or in its place. */
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { clsx } from 'clsx';
import { ChevronLeft, Workflow } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { Empty } from '@/components/ui/states';
import { TaskDetail } from '@/features/tasks/task-detail';
import { useAgents, useOpenAgent, useOpenTask, useTasks } from '../use-room';
import { useBoth } from './use-both';

const BudgetPanel = lazy(() => import('@/features/budgets/budget-panel'));

export default function TaskRoute() {
  const { taskId } = useParams({ from: '/shell/tasks/$taskId' });
  const tasks = useTasks().data ?? [];
  const agents = useAgents().data ?? [];
  const openAgent = useOpenAgent();
  const openTask = useOpenTask();
  const search = useSearch({ from: '/shell/tasks' });
  const both = useBoth();
  const task = tasks.find((each) => each.id === Number(taskId));
  return (
    <section aria-label={`Task ${taskId}`} className="flex min-w-0 flex-1 flex-col">
      <header
        className={clsx(
          'flex shrink-0 items-center border-line border-b bg-surface',
          both ? 'h-10 justify-end' : 'h-12',
        )}
      >
        <Link
          to="/tasks"
          search={search}
          className="flex h-full items-center gap-1 px-3 text-ink-2 text-sm hover:text-ink"
        >
          {both ? <Workflow size={15} /> : <ChevronLeft size={18} />} {both ? 'All as a graph' : 'Tasks'}
        </Link>
      </header>
      <div className="scroll-y min-h-0 flex-1">
        {task ? (
          <TaskDetail
            key={task.id}
            task={task}
            usage={agents.find(({ id }) => id === task.agent_id)?.usage ?? null}
            parts={tasks.filter((each) => each.parent_task_id === task.id)}
            onAgent={(id) => openAgent({ id })}
            onTask={(id) => openTask({ id })}
          >
            {task.budget && (
              <Suspense fallback={null}>
                <BudgetPanel whose={{ task: task.id }} report={task.budget} />
              </Suspense>
            )}
          </TaskDetail>
        ) : (
          <Empty title={`There is no task ${taskId}`}>
            It may belong to somebody else, or have been cleared away.
          </Empty>
        )}
      </div>
    </section>
  );
}
