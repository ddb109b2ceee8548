/** What changed while there was no connection, in one sentence. */
import type { QueryClient } from '@tanstack/react-query';
import { plural } from '@/lib/format';
import { keys } from '@/lib/keys';
import { isOpen, showAgent } from '@/lib/states';
import type { Agent, Task } from '@/protocol/types';

/** The words that stood beside agents and tasks at one moment. */
export interface Glance {
  agents: ReadonlyMap<string, string>;
  openTasks: ReadonlySet<number>;
}

export function glance(queries: QueryClient): Glance {
  const agents = queries.getQueryData<Agent[]>(keys.agents) ?? [];
  const tasks = queries.getQueryData<Task[]>(keys.tasks) ?? [];
  return {
    agents: new Map(agents.map((agent) => [agent.id, showAgent(agent).word])),
    openTasks: new Set(tasks.filter((task) => isOpen(task.status)).map((task) => task.id)),
  };
}

export function describeChanges(before: Glance, after: Glance): string {
  const parts: string[] = [];
  const moved = [...after.agents].filter(
    ([id, word]) => before.agents.has(id) && before.agents.get(id) !== word,
  );
  const fresh = [...after.agents.keys()].filter((id) => !before.agents.has(id));
  const ended = [...before.openTasks].filter((id) => !after.openTasks.has(id));
  if (moved.length === 1 && moved[0]) parts.push(`${moved[0][0]} is now ${moved[0][1]}`);
  else if (moved.length > 1) parts.push(`${moved.length} agents changed`);
  if (fresh.length > 0) parts.push(`${plural(fresh.length, 'new agent')}`);
  if (ended.length > 0) parts.push(`${plural(ended.length, 'task')} ended`);
  return parts.join(', ');
}
