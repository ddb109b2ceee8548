/** Above the list of sessions: words to search for, and filters. */
import { clsx } from 'clsx';
import { Search } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { Transcript } from '@/protocol/types';
import { AGES, changed, KINDS, projectsOf, type SessionFilter } from './filter';

/** A pause in typing this long sends the words. */
const TYPED_MS = 200;

interface SessionsHeadProps {
  filter: SessionFilter;
  items: readonly Transcript[];
  onFilter(filter: SessionFilter): void;
}

export function SessionsHead({ filter, items, onFilter }: SessionsHeadProps) {
  const projects = useProjects(items, filter.cwd);
  const set = <K extends keyof SessionFilter>(key: K, value: SessionFilter[K] | undefined) =>
    onFilter(changed(filter, key, value));
  return (
    <header className="shrink-0 border-line border-b bg-surface px-3 py-1.5">
      <h1 className="sr-only">Sessions</h1>
      <div className="flex flex-wrap items-center gap-x-1.5 gap-y-1">
        <Words value={filter.q ?? ''} onWords={(words) => set('q', words || undefined)} />
        <div className="flex min-w-0 max-w-full items-center gap-1.5 phone:w-full">
          <Choice
            label="CLI"
            any="CLI"
            value={filter.kind ?? ''}
            options={KINDS.map(({ kind, word }) => [kind, word])}
            onChoose={(kind) => set('kind', kind || undefined)}
          />
          <Choice
            label="Project"
            any="Project"
            value={filter.cwd ?? ''}
            options={projects}
            onChoose={(cwd) => set('cwd', cwd || undefined)}
          />
          <Choice
            label="Age"
            any="Time"
            value={filter.hours ? String(filter.hours) : ''}
            options={AGES.map(({ hours, word }) => [String(hours), word])}
            onChoose={(hours) => set('hours', hours ? Number(hours) : undefined)}
          />
          <button
            type="button"
            aria-pressed={filter.live === true}
            onClick={() => set('live', filter.live ? undefined : true)}
            className={clsx(
              'h-7 shrink-0 rounded-md border px-2.5 text-xs touch:h-11 touch:text-sm',
              filter.live ? 'border-accent bg-accent-soft text-ink' : 'border-line text-ink-2 hover:bg-hover',
            )}
          >
            Live
          </button>
        </div>
      </div>
    </header>
  );
}

/** Every project that was seen since the page was opened: a filter must not take away the way to another. */
function useProjects(items: readonly Transcript[], chosen: string | undefined): [string, string][] {
  const seen = useRef(new Map<string, Transcript>());
  for (const item of items) if (item.cwd && !seen.current.has(item.cwd)) seen.current.set(item.cwd, item);
  const options = projectsOf([...seen.current.values()]).map(({ cwd, name }): [string, string] => [
    cwd,
    name,
  ]);
  if (chosen && !options.some(([cwd]) => cwd === chosen)) options.push([chosen, chosen]);
  return options.sort((a, b) => a[1].localeCompare(b[1]));
}

function Words({ value, onWords }: { value: string; onWords(words: string): void }) {
  const [words, setWords] = useState(value);
  const sent = useRef(value);
  // The address may change by itself, as on the way back.
  useEffect(() => {
    if (value !== sent.current) setWords(value);
    sent.current = value;
  }, [value]);
  useEffect(() => {
    const next = words.trim();
    if (next === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = next;
      onWords(next);
    }, TYPED_MS);
    return () => clearTimeout(timer);
  }, [words, onWords]);
  return (
    <label className="flex min-w-52 flex-1 items-center gap-2 rounded-md border border-line bg-field px-2.5 focus-within:border-accent">
      <Search size={14} className="text-ink-3" aria-hidden="true" />
      <input
        type="search"
        data-search
        aria-label="Search in all sessions"
        placeholder="Words from any message, title or folder…"
        value={words}
        maxLength={200}
        onChange={({ target }) => setWords(target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          // The browser would also empty the box, and with it the list one means to go through now.
          event.preventDefault();
          event.currentTarget.blur();
        }}
        className="h-7 min-w-0 flex-1 bg-transparent text-sm outline-none placeholder:text-ink-3 touch:h-11 touch:text-md"
      />
    </label>
  );
}

interface ChoiceProps {
  label: string;
  any: string;
  value: string;
  options: readonly (readonly [string, string])[];
  onChoose(value: string): void;
}

function Choice({ label, any, value, options, onChoose }: ChoiceProps) {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={({ target }) => onChoose(target.value)}
      className={clsx(
        'h-7 max-w-44 truncate phone:min-w-0 phone:flex-1 rounded-md border bg-field px-1.5 text-xs touch:h-11 touch:text-md',
        value ? 'border-accent text-ink' : 'border-line text-ink-2',
      )}
    >
      <option value="">{any}</option>
      {options.map(([each, word]) => (
        <option key={each} value={each}>
          {word}
        </option>
      ))}
    </select>
  );
}
