/** Which tasks of the list are shown: by where they stand, and by words. */
import { isOpen } from '@/lib/states';
import type { Task } from '@/protocol/types';

export const FILTERS = ['all', 'open', 'done', 'failed'] as const;
export type Filter = (typeof FILTERS)[number];

export function filterTasks(tasks: readonly Task[], filter: Filter): Task[] {
  return tasks.filter((task) => {
    if (filter === 'open') return isOpen(task.status);
    if (filter === 'done') return task.status === 'completed';
    if (filter === 'failed') return ['failed', 'timeout', 'cancelled'].includes(task.status);
    return true;
  });
}

/** Every word must be found somewhere: in the title, the prompt, the id, or whoever works on it. */
export function searchTasks(tasks: readonly Task[], query: string): Task[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...tasks];
  return tasks.filter((task) => {
    const text =
      `#${task.id} ${task.title} ${task.prompt} ${task.agent_id ?? ''} ${task.specialist ?? ''} ${task.kind ?? ''} ${task.requested_by}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
