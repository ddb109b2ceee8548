/** Tasks over REST, and how live updates are laid over what is known. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import { useClient } from '@/lib/client';
import { type Api, explain } from '@/lib/http';
import { keys } from '@/lib/keys';
import type { Decision, Page, PlanDecision, ServerMessage, Task } from '@/protocol/types';

/** How many pages are read at once; older tasks come with the search of a later page. */
const MAX_PAGES = 5;

export function tasksQuery(api: Api) {
  return queryOptions({
    queryKey: keys.tasks,
    queryFn: async ({ signal }) => {
      const items: Task[] = [];
      let cursor: string | null = null;
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const query: string = cursor ? `?cursor=${encodeURIComponent(cursor)}` : '';
        const answer: Page<Task> = await api.get<Page<Task>>(`/api/tasks${query}`, signal);
        items.push(...answer.items);
        cursor = answer.next_cursor;
        if (!cursor) break;
      }
      return items.sort(newestFirst);
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function readTask(api: Api, id: number): Promise<Task> {
  return api.get<Task>(`/api/tasks/${id}`);
}

function newestFirst(a: Task, b: Task): number {
  return b.id - a.id;
}

export function withTask(list: readonly Task[] | undefined, task: Task): Task[] {
  return [task, ...(list ?? []).filter((each) => each.id !== task.id)].sort(newestFirst);
}

type TaskUpdate = Extract<ServerMessage, { type: 'task_update' }>;

/** What an update tells of a task that is already known; the rest is read afterwards. */
export function patchTask(task: Task, update: TaskUpdate, now: string): Task {
  const over = !['queued', 'assigned', 'running', 'waiting'].includes(update.status);
  return {
    ...task,
    status: update.status,
    title: update.title,
    elapsed_ms: update.elapsed_ms,
    agent_id: update.agent_id ?? task.agent_id,
    reason: update.reason ?? null,
    error: update.error ?? task.error,
    ended_at: over ? (task.ended_at ?? now) : null,
  };
}

export function useCancelTask() {
  const { api } = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => api.post<Task>(`/api/tasks/${id}/cancel`),
    onSuccess: (task) => queries.setQueryData<Task[]>(keys.tasks, (list) => withTask(list, task)),
    onError: (error) => toast.error(explain(error)),
  });
}

/** Answers a plan over the socket, or over REST while there is none. */
export function useDecidePlan() {
  const { api, socket } = useClient();
  return useMutation({
    mutationFn: async ({ task_ids, decision }: { task_ids: number[]; decision: Decision }) => {
      if (socket.send({ type: 'action', action: 'approve_plan', task_ids, decision })) return;
      const body: PlanDecision = { task_ids, decision };
      await api.post('/api/plans/decide', body);
    },
    onError: (error) => toast.error(explain(error)),
  });
}
