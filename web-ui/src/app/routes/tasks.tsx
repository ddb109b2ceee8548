/** Tasks: the list and the graph, and one of them whole beside it. */
import { Link, Outlet, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { clsx } from 'clsx';
import { ChevronLeft, List, Search, Workflow } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { Empty, Failed, Skeleton } from '@/components/ui/states';
import { FILTERS, filterTasks, searchTasks } from '@/features/tasks/filter';
import { TaskDetail } from '@/features/tasks/task-detail';
import { TaskList } from '@/features/tasks/task-list';
import { useMedia, usePhone } from '@/lib/use-media';
import type { Task } from '@/protocol/types';
import { useOpenAgent, useOpenTask, useTasks } from '../use-room';
import { PhoneHead } from './phone-head';

export interface TasksSearch {
  filter?: 'open' | 'done' | 'failed';
  q?: string;
  view?: 'graph';
}

const TaskGraph = lazy(() => import('@/features/tasks/task-graph'));
const useBoth = () => useMedia('(min-width: 1000px)');

export function TasksRoute() {
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

/** The address with one part of it set, or left out. */
function changed<K extends keyof TasksSearch>(
  search: TasksSearch,
  key: K,
  value: TasksSearch[K] | undefined,
): TasksSearch {
  const { [key]: _, ...rest } = search;
  return value === undefined ? rest : { ...rest, [key]: value };
}

/** Filters by where tasks stand and by words; all of it lies in the address. */
function TasksHead({ found, narrow }: { found: readonly Task[]; narrow: boolean }) {
  const search = useSearch({ from: '/shell/tasks' });
  const navigate = useNavigate();
  const { filter = 'all', view } = search;
  const [words, setWords] = useState(search.q ?? '');
  return (
    <header className="border-line border-b bg-surface px-3 py-1">
      <div className="flex min-h-8 items-center gap-1">
        <h1 className="mr-2 font-semibold text-sm phone:sr-only">Tasks</h1>
        {FILTERS.map((each) => (
          <Link
            key={each}
            to="/tasks"
            search={changed(search, 'filter', each === 'all' ? undefined : each)}
            aria-current={each === filter ? 'true' : undefined}
            className={clsx(
              'inline-flex items-center rounded-sm px-2 py-0.5 text-sm touch:min-h-11',
              each === filter ? 'bg-hover text-ink' : 'text-ink-3 hover:text-ink',
            )}
          >
            {each}
            <span className="nums ml-1.5 text-ink-3 text-xs">{filterTasks(found, each).length}</span>
          </Link>
        ))}
        {narrow && (
          <Link
            to="/tasks"
            search={changed(search, 'view', view ? undefined : 'graph')}
            aria-label={view ? 'Show the list' : 'Show the graph'}
            className="ml-auto grid size-8 place-items-center text-ink-2 touch:size-11"
          >
            {view ? <List size={17} /> : <Workflow size={17} />}
          </Link>
        )}
      </div>
      <label className="my-1 flex items-center gap-2 rounded-md border border-line bg-field px-2.5 focus-within:border-accent">
        <Search size={14} className="text-ink-3" aria-hidden="true" />
        <input
          type="search"
          aria-label="Search tasks"
          placeholder="Title, agent, #number…"
          value={words}
          onChange={({ target }) => {
            setWords(target.value);
            void navigate({
              to: '/tasks',
              replace: true,
              search: changed(search, 'q', target.value || undefined),
            });
          }}
          className="h-7 min-w-0 flex-1 bg-transparent text-sm outline-none placeholder:text-ink-3 touch:h-11 touch:text-md"
        />
      </label>
    </header>
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

export function TaskRoute() {
  const { taskId } = useParams({ from: '/shell/tasks/$taskId' });
  const tasks = useTasks().data ?? [];
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
            parts={tasks.filter((each) => each.parent_task_id === task.id)}
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
