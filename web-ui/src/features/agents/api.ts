/** Agents over REST: one query-options function per endpoint, one mutation per act. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { useClient } from '@/lib/client';
import { type Api, explain } from '@/lib/http';
import { keys } from '@/lib/keys';
import { toast } from '@/lib/toast';
import { uuid } from '@/lib/uuid';
import type { Agent, AgentKind, Explanation, KillRequest, Page, SpawnRequest } from '@/protocol/types';

/** All agents, following the cursor to the end: the page sorts by need and must know every one. */
export function agentsQuery(api: Api) {
  return queryOptions({
    queryKey: keys.agents,
    queryFn: ({ signal }) => readAll<Agent>(api, '/api/agents', signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function kindsQuery(api: Api) {
  return queryOptions({
    queryKey: keys.agentKinds,
    queryFn: async ({ signal }) => (await api.get<Page<AgentKind>>('/api/agent-kinds', signal)).items,
    staleTime: 60_000,
    // While there is no CLI the page waits for one to be installed.
    refetchInterval: ({ state }) =>
      state.data?.some((kind) => kind.ready && kind.kind !== 'shell') === false ? 5000 : false,
  });
}

export function explainQuery(api: Api, agent: Agent) {
  return queryOptions({
    // A new activity is a new explanation.
    queryKey: [...keys.explain(agent.id), agent.activity.since, agent.activity.state],
    queryFn: ({ signal }) => api.get<Explanation>(`/api/agents/${agent.id}/explain`, signal),
  });
}

async function readAll<T>(api: Api, path: string, signal: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor ? `?cursor=${encodeURIComponent(cursor)}` : '';
    const page: Page<T> = await api.get<Page<T>>(path + query, signal);
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return items;
}

/** Puts one agent into the list, in place of what was known of it. */
export function withAgent(list: readonly Agent[] | undefined, agent: Agent): Agent[] {
  const others = (list ?? []).filter((each) => each.id !== agent.id);
  return [...others, agent];
}

function usePutAgent() {
  const queries = useQueryClient();
  return (agent: Agent) => queries.setQueryData<Agent[]>(keys.agents, (list) => withAgent(list, agent));
}

export function useSpawn(onSpawned: (agent: Agent) => void) {
  const { api } = useClient();
  const put = usePutAgent();
  return useMutation({
    mutationFn: ({ request, key }: { request: SpawnRequest; key: string }) =>
      api.post<Agent>('/api/agents', request, key),
    onSuccess: (agent) => {
      put(agent);
      onSpawned(agent);
    },
  });
}

export function newKey(): string {
  return uuid();
}

type Act = 'retry' | 'interrupt';

/** Retry makes a new agent; interrupt stops the turn. */
export function useAct(act: Act, onDone?: (agent: Agent) => void) {
  const { api } = useClient();
  const put = usePutAgent();
  return useMutation({
    mutationFn: (agentId: string) => api.post<Agent>(`/api/agents/${agentId}/${act}`),
    onSuccess: (agent) => {
      put(agent);
      onDone?.(agent);
    },
    onError: (error) => toast.error(explain(error)),
  });
}

/** Kills at once; the answer comes when the process and everything it started are on their way out. */
export function useKill() {
  const { api } = useClient();
  const put = usePutAgent();
  const body: KillRequest = { reason: 'killed from the web page' };
  return useMutation({
    mutationFn: (agentId: string) => api.post<Agent>(`/api/agents/${agentId}/kill`, body),
    onSuccess: put,
    onError: (error, agentId) => toast.error(`${agentId} was not killed. ${explain(error)}`),
  });
}
