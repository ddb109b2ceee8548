/** The way in: the talk with the primary, and beside it the terminal of whoever it handed work to. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { SquareTerminal } from 'lucide-react';
import { useEffect } from 'react';
import { StageHead } from '@/components/stage-head';
import { StateMark } from '@/components/state-mark';
import { IconButton } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/states';
import { AgentMenu } from '@/features/agents/agent-menu';
import { useAttention } from '@/lib/attention';
import { showAgent } from '@/lib/states';
import { usePhone } from '@/lib/use-media';
import type { Agent } from '@/protocol/types';
import { useAgents, useOpenAgent, usePrimaryId } from '../use-room';
import { PhoneHead } from './phone-head';
import { SidePane } from './side-pane';
import { Talk } from './talk';

export default function ChatRoute() {
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
  const title = <PrimaryTitle id={primaryId} agent={primary} />;
  const menu = primary && (
    <span className="flex shrink-0">
      <IconButton label={`Screen of ${primaryId}`} onClick={() => openBeside(primaryId)}>
        <SquareTerminal size={16} />
      </IconButton>
      <AgentMenu agent={primary} onOpen={(made) => openAgent(made, 'chat')} />
    </span>
  );
  return (
    <div className="flex min-h-0 flex-1">
      <div className="flex min-w-0 flex-1 flex-col">
        {phone ? (
          <PhoneHead title={title} {...(menu ? { menu } : {})} />
        ) : (
          <StageHead title={title} menu={menu} />
        )}
        <Talk agentId={primaryId} sessionId={`sess-${primaryId}`} agent={primary} onBeside={openBeside} />
      </div>
      {other && (
        <SidePane
          agent={other}
          onClose={() => void navigate({ to: '/chat', search: {} })}
          className="w-[52%] shrink-0 border-line border-l"
        />
      )}
    </div>
  );
}

function PrimaryTitle({ id, agent }: { id: string; agent: Agent | undefined }) {
  return (
    <>
      <h1 className="shrink-0 font-medium font-mono text-sm">{id}</h1>
      {agent ? (
        <StateMark shown={showAgent(agent)} className="font-normal" />
      ) : (
        <span className="truncate font-normal text-ink-3 text-xs">starts with your first message</span>
      )}
    </>
  );
}
