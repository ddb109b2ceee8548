/** Which sessions the list shows; all of it lies in the address. */
import type { Transcript } from '@/protocol/types';

export interface SessionFilter {
  q?: string;
  kind?: string;
  cwd?: string;
  hours?: number;
  live?: true;
}

/** How far back one looks, in hours. */
export const AGES: readonly { hours: number; word: string }[] = [
  { hours: 24, word: 'last day' },
  { hours: 24 * 7, word: 'last week' },
  { hours: 24 * 30, word: 'last month' },
];

/** The CLIs whose sessions are found. */
export const KINDS: readonly { kind: string; word: string }[] = [
  { kind: 'claude', word: 'Claude Code' },
  { kind: 'codex', word: 'Codex' },
  { kind: 'gemini', word: 'Gemini CLI' },
  { kind: 'qwen', word: 'Qwen Code' },
];

export function kindWord(kind: string): string {
  return KINDS.find((each) => each.kind === kind)?.word ?? kind;
}

/** Takes a filter out of an address, where numbers may have been read as such. */
export function readFilter({ q, kind, cwd, hours, live }: Record<string, unknown>): SessionFilter {
  const text = typeof q === 'string' || typeof q === 'number' ? String(q) : '';
  const age = Number(hours);
  return {
    ...(text ? { q: text } : {}),
    ...(typeof kind === 'string' && kind ? { kind } : {}),
    ...(typeof cwd === 'string' && cwd ? { cwd } : {}),
    ...(Number.isInteger(age) && age > 0 ? { hours: age } : {}),
    ...(live === true || live === 'true' ? { live: true } : {}),
  };
}

export function queryOf(filter: SessionFilter, limit: number, cursor: string | null): string {
  const query = new URLSearchParams({ limit: String(limit) });
  for (const [key, value] of Object.entries(filter)) query.set(key, String(value));
  if (cursor) query.set('cursor', cursor);
  return query.toString();
}

/** With one part set, or taken out. */
export function changed<K extends keyof SessionFilter>(
  filter: SessionFilter,
  key: K,
  value: SessionFilter[K] | undefined,
): SessionFilter {
  const { [key]: _, ...rest } = filter;
  return value === undefined ? rest : { ...rest, [key]: value };
}

function written({ updated_at }: Transcript): number {
  return Date.parse(updated_at);
}

/**
 * The list with its newest part read again. As far back as that part reaches it is the truth: what it does not have
 * any more is gone, and what was written to since has moved up.
 */
export function withNewest(
  known: readonly Transcript[],
  newest: { items: readonly Transcript[]; next_cursor: string | null },
): Transcript[] {
  const inNewest = new Set(newest.items.map(({ id }) => id));
  const last = newest.next_cursor === null ? undefined : newest.items.at(-1);
  const older = last ? known.filter((each) => !inNewest.has(each.id) && written(each) <= written(last)) : [];
  return [...newest.items, ...older].sort((a, b) => written(b) - written(a));
}

/** Folders that the known sessions ran in, those with most sessions first. */
export function projectsOf(items: readonly Transcript[]): { cwd: string; name: string }[] {
  const counts = new Map<string, number>();
  for (const { cwd } of items) if (cwd) counts.set(cwd, (counts.get(cwd) ?? 0) + 1);
  const folders = [...counts].sort((a, b) => b[1] - a[1]).map(([cwd]) => cwd);
  const name = (cwd: string) => cwd.split('/').at(-1) || cwd;
  const twice = (cwd: string) => folders.some((other) => other !== cwd && name(other) === name(cwd));
  return folders.map((cwd) => ({ cwd, name: twice(cwd) ? cwd : name(cwd) }));
}
