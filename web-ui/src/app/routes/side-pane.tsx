/** A terminal beside what is on the stage, with a way to close it. Which ones stand there lies in the address. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { clsx } from 'clsx';
import { X } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { StateMark } from '@/components/state-mark';
import { IconButton } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/states';
import { isLive, showAgent } from '@/lib/states';
import type { Agent } from '@/protocol/types';
import { Asks } from './asks';

const TerminalView = lazy(() => import('@/features/terminal/terminal-view'));
const MOST = 3;
const OFFERED = 9;

interface SidePaneProps {
  agent: Agent;
  onClose(): void;
  className?: string;
}

export function SidePane({ agent, onClose, className }: SidePaneProps) {
  return (
    <div className={clsx('flex min-h-0 min-w-0 flex-col', className)}>
      <Suspense fallback={<Skeleton waitingFor="the terminal" />}>
        <TerminalView
          key={agent.session_id}
          sessionId={agent.session_id}
          live={isLive(agent)}
          banner={<Asks agentId={agent.id} />}
          title={
            <>
              <h2 className="shrink-0 font-medium font-mono text-sm">{agent.id}</h2>
              <StateMark shown={showAgent(agent)} className="min-w-0" />
            </>
          }
          menu={
            <IconButton label={`Close the terminal of ${agent.id}`} onClick={onClose}>
              <X size={16} />
            </IconButton>
          }
        />
      </Suspense>
    </div>
  );
}

/** Who stands beside an agent's terminal, who could, and how to change that. */
export function useBeside(agentId: string, agents: readonly Agent[]) {
  const search = useSearch({ from: '/shell/agents/$agentId' });
  const navigate = useNavigate();
  const ids = (search.with ?? '').split(',').filter((id) => id && id !== agentId);
  const beside = ids
    .map((id) => agents.find((agent) => agent.id === id))
    .filter((agent) => agent !== undefined)
    .slice(0, MOST);
  const show = (next: readonly string[]) =>
    void navigate({
      to: '/agents/$agentId',
      params: { agentId },
      search: next.length > 0 ? { with: next.join(',') } : {},
    });
  const known = beside.map(({ id }) => id);
  const others =
    known.length < MOST
      ? agents.filter((agent) => isLive(agent) && agent.id !== agentId && !known.includes(agent.id))
      : [];
  return {
    beside,
    others: others.slice(0, OFFERED).map(({ id }) => id),
    add: (id: string) => show([...known, id]),
    remove: (id: string) => show(known.filter((each) => each !== id)),
  };
}
