/** What an agent or a task may spend, changed over REST. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useClient } from '@/lib/client';
import { explain } from '@/lib/http';
import { keys } from '@/lib/keys';
import { toast } from '@/lib/toast';
import type { Agent, BudgetChange, Task } from '@/protocol/types';

/** Whose budget it is; ids of agents are texts, of tasks numbers. */
export type Whose = { agent: string } | { task: number };

export function useBudgetChange(whose: Whose) {
  const { api } = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (change: BudgetChange) => {
      if ('agent' in whose) {
        const agent = await api.patch<Agent>(`/api/agents/${whose.agent}/budget`, change);
        queries.setQueryData<Agent[]>(keys.agents, (list) => withOne(list, agent));
      } else {
        const task = await api.patch<Task>(`/api/tasks/${whose.task}/budget`, change);
        queries.setQueryData<Task[]>(keys.tasks, (list) => withOne(list, task));
      }
    },
    onError: (error) => toast.error(explain(error)),
  });
}

function withOne<T extends { id: string | number }>(list: readonly T[] | undefined, one: T): T[] {
  return (list ?? []).map((each) => (each.id === one.id ? one : each));
}
