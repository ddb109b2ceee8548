/** What one can do with a found session, tied to the room: a resumed one leads to its agent. */
import { useQueryClient } from '@tanstack/react-query';
import { withAgent } from '@/features/agents/api';
import { useResume } from '@/features/sessions/api';
import type { SessionActs } from '@/features/sessions/offer-buttons';
import { useMay } from '@/lib/client';
import { keys } from '@/lib/keys';
import type { Agent } from '@/protocol/types';
import { useOpenAgent } from '../use-room';

export function useSessionActs(): SessionActs {
  const queries = useQueryClient();
  const openAgent = useOpenAgent();
  const may = useMay('agents:spawn');
  const resume = useResume((agent) => {
    queries.setQueryData<Agent[]>(keys.agents, (list) => withAgent(list, agent));
    openAgent(agent);
  });
  return {
    may,
    pending: resume.isPending ? resume.variables.session.id : null,
    resume: (session, fork) => resume.mutate({ session, fork }),
    openAgent: (id) => openAgent({ id }),
  };
}
