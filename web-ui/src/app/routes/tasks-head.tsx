/** Above the list of tasks: filters by where they stand and by words; all of it lies in the address. */
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { clsx } from 'clsx';
import { List, Search, Workflow } from 'lucide-react';
import { useState } from 'react';
import { FILTERS, filterTasks } from '@/features/tasks/filter';
import type { Task } from '@/protocol/types';

export interface TasksSearch {
  filter?: 'open' | 'done' | 'failed';
  q?: string;
  view?: 'graph';
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

export function TasksHead({ found, narrow }: { found: readonly Task[]; narrow: boolean }) {
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
          data-search
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
