/** The audit, with people's names where the caller may know them. */
import { useQuery } from '@tanstack/react-query';
import { peopleQuery } from '@/features/admin/api';
import { AuditPage } from '@/features/audit/audit-page';
import { useClient, useMay } from '@/lib/client';

export default function AuditView() {
  const { api } = useClient();
  const people = useQuery({ ...peopleQuery(api), enabled: useMay('users:manage') });
  return <AuditPage people={people.data ?? []} />;
}
