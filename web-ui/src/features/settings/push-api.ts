/** Notifications over REST: who is told, what became of it, and the acts. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { useClient } from '@/lib/client';
import { type Api, explain } from '@/lib/http';
import { keys } from '@/lib/keys';
import { readDeliveries, readTold, stopHere, tellHere } from '@/lib/push';
import { toast } from '@/lib/toast';
import type { Page, PushDelivery, PushKinds } from '@/protocol/types';

/** While something is under way the log is read this often. */
const SOON_MS = 1000;
const OFTEN_MS = 30_000;

export function toldQuery(api: Api) {
  return queryOptions({ queryKey: keys.told, queryFn: ({ signal }) => readTold(api, signal) });
}

export function deliveriesQuery(api: Api) {
  return queryOptions({
    queryKey: keys.deliveries,
    queryFn: ({ signal }) => readDeliveries(api, signal),
    refetchInterval: ({ state }) =>
      state.data?.some((one) => one.state === 'queued' && one.attempts === 0) ? SOON_MS : OFTEN_MS,
  });
}

export function usePushActs() {
  const { api } = useClient();
  const queries = useQueryClient();
  const onError = (error: unknown) => toast.error(explain(error), { id: 'push' });
  const onSettled = () => queries.invalidateQueries({ queryKey: keys.told });
  const tell = useMutation({
    mutationFn: ({ key, kinds }: { key: string; kinds: PushKinds }) => tellHere(api, key, kinds),
    onError,
    onSettled,
  });
  const stop = useMutation({ mutationFn: () => stopHere(api), onError, onSettled });
  const remove = useMutation({
    mutationFn: (id: string) => api.delete(`/api/push/subscriptions/${encodeURIComponent(id)}`),
    onError,
    onSettled,
  });
  const test = useMutation({
    mutationFn: (id: string) => api.post<Page<PushDelivery>>('/api/push/test', { subscription_id: id }),
    onError,
    onSettled: () => queries.invalidateQueries({ queryKey: keys.deliveries }),
  });
  return { tell, stop, remove, test };
}
