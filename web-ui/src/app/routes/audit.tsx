/** The audit, with people's names where the caller may know them, and the way to what an agent showed then. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { peopleQuery } from '@/features/admin/api';
import { AuditPage } from '@/features/audit/audit-page';
import { useClient, useMay } from '@/lib/client';
import { useAgents } from '../use-room';

export default function AuditView() {
  const { api } = useClient();
  const navigate = useNavigate();
  const people = useQuery({ ...peopleQuery(api), enabled: useMay('users:manage') });
  const { data } = useAgents();
  const agents = useMemo(() => new Set((data ?? []).map(({ id }) => id)), [data]);
  const showMoment = (agentId: string, at: string) =>
    void navigate({ to: '/agents/$agentId', params: { agentId }, search: { view: 'recording', at } });
  return <AuditPage people={people.data ?? []} agents={agents} onMoment={showMoment} />;
}
