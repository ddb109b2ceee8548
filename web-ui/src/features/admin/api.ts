/** People, and what an admin does to them. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { useClient } from '@/lib/client';
import { type Api, explain } from '@/lib/http';
import { keys } from '@/lib/keys';
import { toast } from '@/lib/toast';
import type {
  AccountChange,
  AccountRequest,
  KillAllAnswer,
  KillAllRequest,
  LockRequest,
  Page,
  SocketView,
  UserView,
} from '@/protocol/types';

export function peopleQuery(api: Api) {
  return queryOptions({
    queryKey: keys.people,
    queryFn: async ({ signal }) => (await api.get<Page<UserView>>('/api/admin/users', signal)).items,
    refetchInterval: 5_000,
  });
}

export function socketsQuery(api: Api) {
  return queryOptions({
    queryKey: keys.sockets,
    queryFn: async ({ signal }) => (await api.get<Page<SocketView>>('/api/admin/sockets', signal)).items,
    refetchInterval: 5_000,
  });
}

export type AdminAct =
  | { act: 'add'; request: AccountRequest }
  | { act: 'change'; id: string; change: AccountChange }
  | { act: 'lock'; request: LockRequest }
  | { act: 'kill'; request: KillAllRequest };

/** One mutation for all, because each ends with the same list read anew. */
export function useAdminAct() {
  const { api } = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (act: AdminAct) => perform(api, act),
    onSuccess: (said) => {
      toast.success(said);
      return queries.invalidateQueries({ queryKey: keys.people });
    },
    onError: (error) => toast.error(explain(error)),
  });
}

async function perform(api: Api, act: AdminAct): Promise<string> {
  switch (act.act) {
    case 'add':
      await api.post('/api/admin/users', act.request);
      return `${act.request.name} can log in now.`;
    case 'change':
      await api.patch(`/api/admin/users/${encodeURIComponent(act.id)}`, act.change);
      return 'Changed.';
    case 'lock':
      await api.post('/api/admin/locks', act.request);
      return act.request.locked ? 'Locked out, everywhere.' : 'Let in again.';
    case 'kill': {
      const { killed, failed } = await api.post<KillAllAnswer>('/api/admin/kill', act.request);
      if (failed.length > 0) throw new Error(`Still there: ${failed.join(', ')}. The daemon's log says why.`);
      return `${killed.length} agents were ended.`;
    }
    default:
      return act satisfies never;
  }
}
