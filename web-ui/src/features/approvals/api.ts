/** Approvals over REST, and how live updates are laid over what is known. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { useClient } from '@/lib/client';
import { type Api, ApiError, explain } from '@/lib/http';
import { keys } from '@/lib/keys';
import { toast } from '@/lib/toast';
import type { Approval, ApprovalAnswer, ApprovalRule, Page } from '@/protocol/types';

/** How many that ended are shown. */
const RECENT = 50;

/** Everything that is pending, and what ended lately; newest first. */
export function approvalsQuery(api: Api) {
  return queryOptions({
    queryKey: keys.approvals,
    queryFn: async ({ signal }) => {
      const [pending, recent] = await Promise.all([
        api.get<Page<Approval>>('/api/approvals?state=pending&limit=200', signal),
        api.get<Page<Approval>>(`/api/approvals?limit=${RECENT}`, signal),
      ]);
      return withApprovals(recent.items, pending.items);
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Puts approvals into the list, in place of what was known of them. Ids grow with time. */
export function withApprovals(
  list: readonly Approval[] | undefined,
  approvals: readonly Approval[],
): Approval[] {
  const known = new Map((list ?? []).map((one) => [one.id, one]));
  for (const one of approvals) known.set(one.id, one);
  return [...known.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
}

/** Pending ones, the longest wait first. */
export function pendingOf(list: readonly Approval[]): Approval[] {
  return list.filter((one) => one.state === 'pending').reverse();
}

/** A person's answer. Who comes late hears how it ended, and sees it. */
export function useAnswer(id: string) {
  const { api } = useClient();
  const queries = useQueryClient();
  const put = (approval: Approval) =>
    queries.setQueryData<Approval[]>(keys.approvals, (list) => list && withApprovals(list, [approval]));
  return useMutation({
    mutationFn: (answer: ApprovalAnswer) =>
      // A no is done even where it cannot be recorded first.
      answer.decision === 'deny'
        ? api.post<Approval>(`/api/approvals/${id}/deny`, answer.message ? { message: answer.message } : {})
        : api.post<Approval>(`/api/approvals/${id}/answer`, answer),
    onSuccess: put,
    onError: async (error) => {
      toast.error(explain(error), { id: `approval-${id}` });
      if (error instanceof ApiError && error.code === 'approval_ended') {
        put(await api.get<Approval>(`/api/approvals/${id}`));
      }
    },
  });
}

export function rulesQuery(api: Api) {
  return queryOptions({
    queryKey: keys.approvalRules,
    queryFn: async ({ signal }) => (await api.get<Page<ApprovalRule>>('/api/approval-rules', signal)).items,
  });
}

export function useRemoveRule() {
  const { api } = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.delete(`/api/approval-rules/${id}`),
    onSettled: () => queries.invalidateQueries({ queryKey: keys.approvalRules }),
    onError: (error) => toast.error(explain(error)),
  });
}
