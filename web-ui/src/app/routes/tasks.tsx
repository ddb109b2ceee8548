/** Tasks: the list and the graph, and one of them whole beside it. */
import { Link, Outlet, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { clsx } from 'clsx';
import { lazy, Suspense } from 'react';
import { Empty, Failed, Skeleton } from '@/components/ui/states';
import { filterTasks, searchTasks } from '@/features/tasks/filter';
import { TaskList } from '@/features/tasks/task-list';
import { usePhone } from '@/lib/use-media';
import type { Task } from '@/protocol/types';
import { useTasks } from '../use-room';
import { PhoneHead } from './phone-head';
import { TasksHead } from './tasks-head';
import { useBoth } from './use-both';

const TaskGraph = lazy(() => import('@/features/tasks/task-graph'));

export default function TasksRoute() {
  const tasks = useTasks();
  const { taskId } = useParams({ strict: false });
  const search = useSearch({ from: '/shell/tasks' });
  const navigate = useNavigate();
  const phone = usePhone();
  const both = useBoth();
  const selected = taskId ? Number(taskId) : null;
  if (tasks.isPending) return <Skeleton rows={8} waitingFor="the list of tasks" />;
  if (tasks.isError) return <Failed error={tasks.error} retry={() => void tasks.refetch()} />;
  const found = searchTasks(tasks.data, search.q ?? '');
  const shown = filterTasks(found, search.filter ?? 'all');
  const open = (task: Task) =>
    void navigate({ to: '/tasks/$taskId', params: { taskId: String(task.id) }, search });
  const graphOnly = !both && search.view === 'graph';
  return (
    <div className="flex min-h-0 flex-1">
      {(both || selected === null) && (
        <section
          aria-label="Tasks"
          className={clsx('flex min-w-0 flex-col', both ? 'w-[380px] border-line border-r' : 'flex-1')}
        >
          {phone && <PhoneHead title="Tasks" />}
          <TasksHead found={found} narrow={!both} />
          {shown.length === 0 ? (
            <NoTasks any={tasks.data.length > 0} />
          ) : graphOnly ? (
            <GraphOf tasks={shown} onOpen={open} />
          ) : (
            <TaskList tasks={shown} selected={selected} onOpen={open} />
          )}
        </section>
      )}
      <Outlet />
      {both && selected === null && shown.length > 0 && <GraphOf tasks={shown} onOpen={open} />}
    </div>
  );
}

function GraphOf({ tasks, onOpen }: { tasks: readonly Task[]; onOpen(task: Task): void }) {
  return (
    <section aria-label="Delegations" className="min-h-0 min-w-0 flex-1">
      <Suspense fallback={<Skeleton waitingFor="the graph" />}>
        <TaskGraph tasks={tasks} onOpen={onOpen} />
      </Suspense>
    </section>
  );
}

function NoTasks({ any }: { any: boolean }) {
  if (any) return <Empty title="No task here">Choose another filter or other words above.</Empty>;
  return (
    <Empty
      title="No task yet"
      action={
        <Link
          to="/chat"
          search={{}}
          className="inline-flex h-8 items-center rounded-md border border-line-strong bg-raised px-3 text-sm hover:bg-hover touch:h-11"
        >
          Message the primary
        </Link>
      }
    >
      A task is a piece of work that one agent hands to another, with a result that comes back.
    </Empty>
  );
}
