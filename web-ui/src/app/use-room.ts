/** What the shell and the routes all need: agents by need, tasks, and how to move between views. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { agentsQuery } from '@/features/agents/api';
import { approvalsQuery, pendingOf } from '@/features/approvals/api';
import { tasksQuery } from '@/features/tasks/api';
import { useAttention } from '@/lib/attention';
import { useClient, useMe } from '@/lib/client';
import { rank } from '@/lib/need';
import { awaitsApproval } from '@/lib/states';
import type { Agent, Approval, Task } from '@/protocol/types';

export function useAgents() {
  const { api } = useClient();
  const agents = useQuery(agentsQuery(api));
  const seen = useAttention((state) => state.seen);
  const unread = useAttention((state) => state.unread);
  const ranked = useMemo(() => rank(agents.data ?? [], { seen, unread }), [agents.data, seen, unread]);
  return { ...agents, ranked };
}

export function useTasks() {
  const { api } = useClient();
  return useQuery(tasksQuery(api));
}

export function useApprovals() {
  const { api } = useClient();
  return useQuery(approvalsQuery(api));
}

/** Questions of agents that wait for an answer, the longest wait first. */
export function useApprovalsWaiting(): Approval[] {
  const { data } = useApprovals();
  return useMemo(() => pendingOf(data ?? []), [data]);
}

/** Plans that wait for a yes or a no, each with its tasks. */
export function usePlansWaiting(): Task[][] {
  const { data } = useTasks();
  return useMemo(() => groupPlans((data ?? []).filter(awaitsApproval)), [data]);
}

/** Tasks that were proposed together are answered together. */
export function groupPlans(tasks: readonly Task[]): Task[][] {
  const plans = new Map<string, Task[]>();
  for (const task of [...tasks].sort((a, b) => a.id - b.id)) {
    // One proposal writes its tasks in one transaction, within the same second.
    const key = `${task.requested_by} ${task.created_at.slice(0, 19)}`;
    plans.set(key, [...(plans.get(key) ?? []), task]);
  }
  return [...plans.values()];
}

/** The id of the caller's primary, running or not. */
export function usePrimaryId(): string {
  return useMe().primary_session_id.replace(/^sess-/, '');
}

export function useOpenAgent() {
  const navigate = useNavigate();
  const primary = usePrimaryId();
  return useCallback(
    (agent: Pick<Agent, 'id'>, view: 'terminal' | 'chat' | 'recording' = 'terminal') => {
      if (view === 'chat' && agent.id === primary) return void navigate({ to: '/chat', search: {} });
      void navigate({
        to: '/agents/$agentId',
        params: { agentId: agent.id },
        search: view === 'terminal' ? {} : { view },
      });
    },
    [navigate, primary],
  );
}

export function useOpenTask() {
  const navigate = useNavigate();
  return useCallback(
    (task: { id: number }) =>
      void navigate({ to: '/tasks/$taskId', params: { taskId: String(task.id) }, search: {} }),
    [navigate],
  );
}
