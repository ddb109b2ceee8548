/** One agent on the stage: its terminal, alone or with others beside it, or its talk; the facts at the right. */
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { clsx } from 'clsx';
import { PanelRight } from 'lucide-react';
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { StageHead } from '@/components/stage-head';
import { Button, IconButton } from '@/components/ui/button';
import { Empty, Skeleton } from '@/components/ui/states';
import { AgentMenu } from '@/features/agents/agent-menu';
import { Composer } from '@/features/chat/composer';
import { useAttention } from '@/lib/attention';
import { isLive } from '@/lib/states';
import { useDesk, usePhone, useTouch } from '@/lib/use-media';
import type { Agent } from '@/protocol/types';
import { useLayout } from '../layout-store';
import { TabStrip } from '../shell/tab-strip';
import { useAgents, useOpenAgent } from '../use-room';
import { Facts } from './agent-facts';
import { Asks } from './asks';
import { SidePane, useBeside } from './side-pane';
import { StageTitle, Views } from './stage-title';
import { Talk } from './talk';

const RecordingView = lazy(() => import('@/features/recording/recording-view'));
const TerminalView = lazy(() => import('@/features/terminal/terminal-view'));

export default function AgentRoute() {
  const { agentId } = useParams({ from: '/shell/agents/$agentId' });
  const { view } = useSearch({ from: '/shell/agents/$agentId' });
  const { data: agents, isPending } = useAgents();
  const agent = agents?.find((each) => each.id === agentId);
  useLooking(agentId, agent);
  if (isPending) return <Skeleton waitingFor={agentId} />;
  if (!agent) return <Gone agentId={agentId} />;
  return <AgentStage agent={agent} agents={agents ?? []} view={view ?? 'terminal'} />;
}

/** Being looked at clears what was new. */
function useLooking(agentId: string, agent: Agent | undefined): void {
  const { look, saw } = useAttention.getState();
  useEffect(() => {
    look(agentId);
    return () => look(null);
  }, [agentId, look]);
  const ended = agent?.ended_at ?? null;
  const known = agent !== undefined;
  useEffect(() => {
    if (known) saw(agentId, ended);
  }, [agentId, known, ended, saw]);
}

interface StageProps {
  agent: Agent;
  agents: readonly Agent[];
  view: 'terminal' | 'chat' | 'recording';
}

function AgentStage({ agent, agents, view }: StageProps) {
  const { inspector, toggleInspector, openTab } = useLayout();
  const openAgent = useOpenAgent();
  const phone = usePhone();
  const desk = useDesk();
  const [drawer, setDrawer] = useState(false);
  useEffect(() => openTab(agent.id), [agent.id, openTab]);
  // Terminals side by side need the room; the facts come over them when asked for.
  const search = useSearch({ from: '/shell/agents/$agentId' });
  const beside = Boolean(search.with) && view === 'terminal';
  const docked = desk && !beside;
  const factsShown = docked ? inspector : drawer;
  const menu = (
    <>
      <AgentMenu agent={agent} onOpen={(made) => openAgent(made)} />
      <IconButton
        label="Facts"
        keys="i"
        active={factsShown}
        onClick={docked ? toggleInspector : () => setDrawer(!drawer)}
      >
        <PanelRight size={16} />
      </IconButton>
    </>
  );
  return (
    <>
      {!phone && <TabStrip agents={agents} selected={agent.id} />}
      <div className="relative flex min-h-0 flex-1">
        {view === 'terminal' ? (
          <Terminals agent={agent} agents={agents} menu={menu} />
        ) : view === 'recording' ? (
          <div className="flex min-w-0 flex-1 flex-col">
            <Suspense fallback={<Skeleton waitingFor="the player" />}>
              <RecordingView
                key={agent.id}
                agentId={agent.id}
                at={search.at}
                title={<StageTitle agent={agent} />}
                views={<Views agent={agent} view="recording" />}
                menu={menu}
              />
            </Suspense>
          </div>
        ) : (
          <div className="flex min-w-0 flex-1 flex-col">
            <StageHead
              title={<StageTitle agent={agent} />}
              views={<Views agent={agent} view="chat" />}
              menu={menu}
            />
            <Talk agentId={agent.id} sessionId={agent.session_id} agent={agent} />
          </div>
        )}
        {factsShown && <Facts agent={agent} floating={!docked} onClose={() => setDrawer(false)} />}
      </div>
    </>
  );
}

/** One terminal, or up to four in a grid. */
function Terminals({ agent, agents, menu }: { agent: Agent; agents: readonly Agent[]; menu: ReactNode }) {
  const phone = usePhone();
  const touch = useTouch();
  const { beside, others, add, remove } = useBeside(agent.id, agents);
  const shown = phone ? [] : beside;
  return (
    <div
      className={clsx(
        'grid min-h-0 min-w-0 flex-1 gap-px bg-line',
        shown.length > 0 && 'grid-cols-2',
        shown.length > 1 && 'grid-rows-2',
      )}
    >
      <div className="flex min-h-0 min-w-0 flex-col">
        <Suspense fallback={<Skeleton waitingFor="the terminal" />}>
          <TerminalView
            key={agent.session_id}
            sessionId={agent.session_id}
            title={<StageTitle agent={agent} />}
            views={<Views agent={agent} view="terminal" />}
            menu={menu}
            live={isLive(agent)}
            banner={<Asks agentId={agent.id} />}
            others={phone ? [] : others}
            onBeside={add}
            composer={touch && isLive(agent) && <Composer sessionId={agent.session_id} to={agent.id} />}
          />
        </Suspense>
      </div>
      {shown.map((other, at) => (
        <SidePane
          key={other.id}
          agent={other}
          onClose={() => remove(other.id)}
          className={shown.length === 2 && at === 1 ? 'col-span-2' : ''}
        />
      ))}
    </div>
  );
}

function Gone({ agentId }: { agentId: string }) {
  const navigate = useNavigate();
  return (
    <Empty
      page
      title={`There is no agent ${agentId}`}
      action={<Button onClick={() => void navigate({ to: '/' })}>Back home</Button>}
    >
      It may belong to somebody else, or have been cleared away.
    </Empty>
  );
}
