/** Tasks: the list, and one of them whole beside it. */
import { Link, Outlet, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { clsx } from 'clsx';
import { ChevronLeft } from 'lucide-react';
import { Empty, Failed, Skeleton } from '@/components/ui/states';
import { TaskDetail } from '@/features/tasks/task-detail';
import { FILTERS, filterTasks, TaskList } from '@/features/tasks/task-list';
import { useMedia, usePhone } from '@/lib/use-media';
import { useOpenAgent, useOpenTask, useTasks } from '../use-room';
import { PhoneHead } from './phone-head';

export function TasksRoute() {
  const tasks = useTasks();
  const { taskId } = useParams({ strict: false });
  const { filter = 'all' } = useSearch({ from: '/shell/tasks' });
  const navigate = useNavigate();
  const phone = usePhone();
  const both = useMedia('(min-width: 1000px)');
  const selected = taskId ? Number(taskId) : null;
  if (tasks.isPending) return <Skeleton rows={8} waitingFor="the list of tasks" />;
  if (tasks.isError) return <Failed error={tasks.error} retry={() => void tasks.refetch()} />;
  const shown = filterTasks(tasks.data, filter);
  const showList = both || selected === null;
  return (
    <div className="flex min-h-0 flex-1">
      {showList && (
        <section
          aria-label="Tasks"
          className={clsx('flex min-w-0 flex-col', both ? 'w-[380px] border-line border-r' : 'flex-1')}
        >
          {phone && <PhoneHead title="Tasks" />}
          <header className="flex min-h-10 items-center gap-1 border-line border-b bg-surface px-3">
            <h1 className="mr-2 font-semibold text-sm phone:sr-only">Tasks</h1>
            {FILTERS.map((each) => (
              <Link
                key={each}
                to="/tasks"
                search={each === 'all' ? {} : { filter: each }}
                aria-current={each === filter ? 'true' : undefined}
                className={clsx(
                  'inline-flex items-center rounded-sm px-2 py-0.5 text-sm touch:min-h-11 touch:px-3',
                  each === filter ? 'bg-hover text-ink' : 'text-ink-3 hover:text-ink',
                )}
              >
                {each}
                <span className="nums ml-1.5 text-ink-3 text-xs">{filterTasks(tasks.data, each).length}</span>
              </Link>
            ))}
          </header>
          <div className="scroll-y min-h-0 flex-1">
            {shown.length === 0 ? (
              <NoTasks any={tasks.data.length > 0} />
            ) : (
              <TaskList
                tasks={shown}
                selected={selected}
                onOpen={(task) =>
                  void navigate({
                    to: '/tasks/$taskId',
                    params: { taskId: String(task.id) },
                    search: filter === 'all' ? {} : { filter },
                  })
                }
              />
            )}
          </div>
        </section>
      )}
      <Outlet />
      {both && selected === null && shown.length > 0 && (
        <p className="m-auto text-ink-3 text-sm">Choose a task to see what was asked and what came of it.</p>
      )}
    </div>
  );
}

function NoTasks({ any }: { any: boolean }) {
  if (any) return <Empty title="No task here">Choose another filter above.</Empty>;
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

export function TaskRoute() {
  const { taskId } = useParams({ from: '/shell/tasks/$taskId' });
  const tasks = useTasks().data ?? [];
  const openAgent = useOpenAgent();
  const openTask = useOpenTask();
  const both = useMedia('(min-width: 1000px)');
  const task = tasks.find((each) => each.id === Number(taskId));
  return (
    <section aria-label={`Task ${taskId}`} className="flex min-w-0 flex-1 flex-col">
      {!both && (
        <header className="flex h-12 shrink-0 items-center border-line border-b bg-surface">
          <Link to="/tasks" search={{}} className="flex h-11 items-center gap-1 pr-3 pl-2 text-ink-2 text-sm">
            <ChevronLeft size={18} /> Tasks
          </Link>
        </header>
      )}
      <div className="scroll-y min-h-0 flex-1">
        {task ? (
          <TaskDetail
            key={task.id}
            task={task}
            onAgent={(id) => openAgent({ id })}
            onTask={(id) => openTask({ id })}
          />
        ) : (
          <Empty title={`There is no task ${taskId}`}>
            It may belong to somebody else, or have been cleared away.
          </Empty>
        )}
      </div>
    </section>
  );
}
