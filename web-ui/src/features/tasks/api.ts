/** Tasks over REST, and how live updates are laid over what is known. */
import { queryOptions, skipToken, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useClient } from '@/lib/client';
import { type Api, explain } from '@/lib/http';
import { keys } from '@/lib/keys';
import { toast } from '@/lib/toast';
import type { Decision, Page, PlanDecision, ServerMessage, Task } from '@/protocol/types';

const PAGE = 200;

async function readPage(api: Api, cursor: string | null, signal?: AbortSignal): Promise<Page<Task>> {
  const more = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
  return await api.get<Page<Task>>(`/api/tasks?limit=${PAGE}${more}`, signal);
}

/** The newest tasks; older ones are added to the same list when somebody scrolls that far. */
export function tasksQuery(api: Api) {
  return queryOptions({
    queryKey: keys.tasks,
    queryFn: async ({ signal, client }) => {
      const page = await readPage(api, null, signal);
      client.setQueryData<string | null>(keys.olderTasks, page.next_cursor);
      return page.items.sort(newestFirst);
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Reads the next page of older tasks into the list. */
export function useOlderTasks() {
  const { api } = useClient();
  const queries = useQueryClient();
  const { data: cursor } = useQuery<string | null>({
    queryKey: keys.olderTasks,
    queryFn: skipToken,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
  });
  const read = useMutation({
    mutationFn: (from: string) => readPage(api, from),
    onSuccess: ({ items, next_cursor }) => {
      queries.setQueryData<string | null>(keys.olderTasks, next_cursor);
      queries.setQueryData<Task[]>(keys.tasks, (list) => withTasks(list, items));
    },
    onError: (error) => toast.error(explain(error)),
  });
  return {
    more: Boolean(cursor),
    loading: read.isPending,
    load: () => cursor && !read.isPending && read.mutate(cursor),
  };
}

export function readTask(api: Api, id: number): Promise<Task> {
  return api.get<Task>(`/api/tasks/${id}`);
}

function newestFirst(a: Task, b: Task): number {
  return b.id - a.id;
}

export function withTask(list: readonly Task[] | undefined, task: Task): Task[] {
  return withTasks(list, [task]);
}

/** Puts tasks into the list, in place of what was known of them. */
export function withTasks(list: readonly Task[] | undefined, tasks: readonly Task[]): Task[] {
  const known = new Map((list ?? []).map((task) => [task.id, task]));
  for (const task of tasks) known.set(task.id, task);
  return [...known.values()].sort(newestFirst);
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

/** Cancel ends a task from every state; retry begins another attempt at one that has ended. */
export function useTaskAct(act: 'cancel' | 'retry') {
  const { api } = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => api.post<Task>(`/api/tasks/${id}/${act}`),
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
