/** The record of what was done and refused. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { Api } from '@/lib/http';
import { keys } from '@/lib/keys';
import type { AuditVerdict, Page } from '@/protocol/types';

/** One line; the daemon writes more into it than the page shows. */
export interface AuditLine {
  seq: number;
  ts: string;
  kind: 'intent' | 'outcome' | 'event';
  principal: string | null;
  on_behalf_of: string | null;
  ip: string;
  action: string;
  object: string;
  result: string;
  request_id: string;
}

export interface AuditFilter {
  user?: string;
  action?: string;
  object?: string;
  result?: string;
  since?: string;
}

export function auditQuery(api: Api, filter: AuditFilter) {
  return infiniteQueryOptions({
    queryKey: keys.audit(filter),
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams({ limit: '100' });
      for (const [name, value] of Object.entries(filter)) if (value) query.set(name, value);
      if (pageParam) query.set('before', pageParam);
      return api.get<Page<AuditLine>>(`/api/audit?${query}`, signal);
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  });
}

export function verdictQuery(api: Api) {
  return queryOptions({
    queryKey: keys.audit({ verify: true }),
    queryFn: ({ signal }) => api.get<AuditVerdict>('/api/audit/verify', signal),
    staleTime: 0,
  });
}
