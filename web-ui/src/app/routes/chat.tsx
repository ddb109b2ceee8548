/** The way in: the talk with the primary, and beside it the terminal of whoever it handed work to. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { SquareTerminal, X } from 'lucide-react';
import { lazy, Suspense, useEffect } from 'react';
import { StateMark } from '@/components/state-mark';
import { IconButton } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/states';
import { AgentMenu } from '@/features/agents/agent-menu';
import { useAttention } from '@/lib/attention';
import { isLive, showAgent } from '@/lib/states';
import { usePhone } from '@/lib/use-media';
import type { Agent } from '@/protocol/types';
import { useAgents, useOpenAgent, usePrimaryId } from '../use-room';
import { StageHead } from './agent';
import { PhoneHead } from './phone-head';
import { Talk } from './talk';

const TerminalView = lazy(() => import('@/features/terminal/terminal-view'));

export function ChatRoute() {
  const { beside } = useSearch({ from: '/shell/chat' });
  const navigate = useNavigate();
  const phone = usePhone();
  const primaryId = usePrimaryId();
  const { data: agents, isPending } = useAgents();
  const openAgent = useOpenAgent();
  const primary = agents?.find((agent) => agent.id === primaryId);
  const other = phone ? undefined : agents?.find((agent) => agent.id === beside);
  useEffect(() => {
    const { look, saw } = useAttention.getState();
    look(primaryId);
    saw(primaryId, null);
    return () => look(null);
  }, [primaryId]);
  if (isPending) return <Skeleton waitingFor="the primary" />;

  const openBeside = (id: string) =>
    phone ? openAgent({ id }) : void navigate({ to: '/chat', search: { beside: id } });
  return (
    <div className="flex min-h-0 flex-1">
      <div className="flex min-w-0 flex-1 flex-col">
        {phone && <PhoneHead title="Chat" />}
        <StageHead
          title={<PrimaryTitle id={primaryId} agent={primary} />}
          menu={
            primary && (
              <>
                <IconButton label={`Screen of ${primaryId}`} onClick={() => openBeside(primaryId)}>
                  <SquareTerminal size={16} />
                </IconButton>
                <AgentMenu agent={primary} onOpen={(made) => openAgent(made, 'chat')} />
              </>
            )
          }
        />
        <Talk agentId={primaryId} sessionId={`sess-${primaryId}`} agent={primary} onBeside={openBeside} />
      </div>
      {other && (
        <div className="flex w-[52%] min-w-0 shrink-0 flex-col border-line border-l">
          <Suspense fallback={<Skeleton waitingFor="the terminal" />}>
            <TerminalView
              key={other.session_id}
              sessionId={other.session_id}
              live={isLive(other)}
              title={
                <>
                  <h2 className="shrink-0 font-medium font-mono text-sm">{other.id}</h2>
                  <StateMark shown={showAgent(other)} />
                </>
              }
              menu={
                <IconButton
                  label="Close the terminal"
                  onClick={() => void navigate({ to: '/chat', search: {} })}
                >
                  <X size={16} />
                </IconButton>
              }
            />
          </Suspense>
        </div>
      )}
    </div>
  );
}

function PrimaryTitle({ id, agent }: { id: string; agent: Agent | undefined }) {
  return (
    <>
      <h1 className="shrink-0 font-medium font-mono text-sm">{id}</h1>
      {agent ? (
        <StateMark shown={showAgent(agent)} />
      ) : (
        <span className="text-ink-3 text-xs">starts with your first message</span>
      )}
    </>
  );
}
