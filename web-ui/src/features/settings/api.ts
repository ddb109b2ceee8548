/** The browsers that may renew this person's login. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { useClient } from '@/lib/client';
import { type Api, explain } from '@/lib/http';
import { keys } from '@/lib/keys';
import { toast } from '@/lib/toast';
import type { Device, Page } from '@/protocol/types';

export function devicesQuery(api: Api) {
  return queryOptions({
    queryKey: keys.devices,
    queryFn: async ({ signal }) => (await api.get<Page<Device>>('/api/auth/devices', signal)).items,
  });
}

export function useRevoke() {
  const { api } = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.delete(`/api/auth/devices/${encodeURIComponent(id)}`),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.devices }),
    onError: (error) => toast.error(explain(error)),
  });
}
