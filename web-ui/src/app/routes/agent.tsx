/** One agent on the stage: its terminal or its talk, with the facts beside. */
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { clsx } from 'clsx';
import { ChevronLeft, PanelRight, X } from 'lucide-react';
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { StateMark } from '@/components/state-mark';
import { Elapsed } from '@/components/time';
import { Button, IconButton } from '@/components/ui/button';
import { Empty, Skeleton } from '@/components/ui/states';
import { AgentMenu } from '@/features/agents/agent-menu';
import { Inspector } from '@/features/agents/inspector';
import { Composer } from '@/features/chat/composer';
import { TaskCard } from '@/features/tasks/task-card';
import { useAttention } from '@/lib/attention';
import { isLive, showAgent } from '@/lib/states';
import { useDesk, usePhone, useTouch } from '@/lib/use-media';
import type { Agent } from '@/protocol/types';
import { useLayout } from '../layout-store';
import { TabStrip } from '../shell/tab-strip';
import { useAgents, useOpenAgent, useOpenTask, useTasks } from '../use-room';
import { Talk } from './talk';

const RecordingView = lazy(() => import('@/features/recording/recording-view'));
const TerminalView = lazy(() => import('@/features/terminal/terminal-view'));

export function AgentRoute() {
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
  const touch = useTouch();
  const desk = useDesk();
  const [drawer, setDrawer] = useState(false);
  useEffect(() => openTab(agent.id), [agent.id, openTab]);

  const title = <StageTitle agent={agent} />;
  const views = <Views agent={agent} view={view} />;
  const factsShown = desk ? inspector : drawer;
  const menu = (
    <>
      <AgentMenu agent={agent} onOpen={(made) => openAgent(made)} />
      <IconButton
        label="Facts"
        keys="i"
        active={factsShown}
        onClick={desk ? toggleInspector : () => setDrawer(!drawer)}
      >
        <PanelRight size={16} />
      </IconButton>
    </>
  );
  const composer = touch && isLive(agent) && <Composer sessionId={agent.session_id} to={agent.id} />;
  return (
    <>
      {!phone && <TabStrip agents={agents} selected={agent.id} />}
      <div className="relative flex min-h-0 flex-1">
        <div className="flex min-w-0 flex-1 flex-col">
          {view === 'recording' ? (
            <Suspense fallback={<Skeleton waitingFor="the player" />}>
              <RecordingView key={agent.id} agentId={agent.id} title={title} views={views} menu={menu} />
            </Suspense>
          ) : view === 'terminal' ? (
            <>
              <Suspense fallback={<Skeleton waitingFor="the terminal" />}>
                <TerminalView
                  key={agent.session_id}
                  sessionId={agent.session_id}
                  title={title}
                  views={views}
                  menu={menu}
                  live={isLive(agent)}
                />
              </Suspense>
              {composer}
            </>
          ) : (
            <>
              <StageHead title={title} views={views} menu={menu} />
              <Talk agentId={agent.id} sessionId={agent.session_id} agent={agent} />
            </>
          )}
        </div>
        {factsShown && <Facts agent={agent} floating={!desk} onClose={() => setDrawer(false)} />}
      </div>
    </>
  );
}

interface FactsProps {
  agent: Agent;
  /** Over the stage, where there is no room beside it. */
  floating: boolean;
  onClose(): void;
}

function Facts({ agent, floating, onClose }: FactsProps) {
  const tasks = useTasks().data ?? [];
  const openTask = useOpenTask();
  const openAgent = useOpenAgent();
  const mine = tasks.filter((task) => task.id === agent.task_id || task.agent_id === agent.id).slice(0, 3);
  return (
    <aside
      aria-label="Facts"
      className={clsx(
        'flex w-[304px] shrink-0 flex-col border-line border-l bg-surface',
        floating && 'absolute inset-y-0 right-0 z-10 animate-appear shadow-2 phone:left-0 phone:w-auto',
      )}
    >
      {floating && (
        <header className="flex h-12 shrink-0 items-center justify-between border-line border-b pr-1 pl-4">
          <h2 className="font-medium font-mono text-sm">{agent.id}</h2>
          <IconButton label="Close the facts" onClick={onClose}>
            <X size={16} />
          </IconButton>
        </header>
      )}
      <Inspector agent={agent}>
        {mine.length > 0 && (
          <section>
            <h2 className="label mb-2">{mine.length === 1 ? 'task' : 'tasks'}</h2>
            <div className="space-y-2">
              {mine.map((task) => (
                <TaskCard
                  key={task.id}
                  task={task}
                  onOpen={openTask}
                  onTerminal={(id) => openAgent({ id })}
                />
              ))}
            </div>
          </section>
        )}
      </Inspector>
    </aside>
  );
}

export function StageHead({ title, views, menu }: { title: ReactNode; views?: ReactNode; menu: ReactNode }) {
  return (
    <header className="flex min-h-10 items-center gap-2 border-line border-b bg-surface pr-2 pl-3 touch:min-h-12">
      <div className="flex min-w-0 flex-1 items-center gap-2.5 overflow-hidden">{title}</div>
      {views}
      <div className="flex shrink-0 items-center gap-1">{menu}</div>
    </header>
  );
}

function StageTitle({ agent }: { agent: Agent }) {
  const phone = usePhone();
  const navigate = useNavigate();
  return (
    <>
      {phone && (
        <button
          type="button"
          aria-label="Back"
          onClick={() => void navigate({ to: '/' })}
          className="-ml-3 grid size-11 shrink-0 place-items-center text-ink-2"
        >
          <ChevronLeft size={20} />
        </button>
      )}
      <h1 className="shrink-0 font-medium font-mono text-sm">{agent.id}</h1>
      <StateMark shown={showAgent(agent)} />
      {isLive(agent) && (
        <span className="text-ink-3 text-xs phone:hidden">
          <Elapsed from={agent.activity.since} until={null} />
        </span>
      )}
      <span className="truncate text-ink-3 text-sm phone:hidden">{agent.title}</span>
    </>
  );
}

function Views({ agent, view }: Pick<StageProps, 'agent' | 'view'>) {
  const openAgent = useOpenAgent();
  const tab = (to: StageProps['view'], word: string) => (
    <button
      type="button"
      aria-pressed={view === to}
      onClick={() => openAgent(agent, to)}
      className={clsx(
        'h-6 rounded-sm px-2 text-xs touch:h-9 phone:px-1.5',
        view === to ? 'bg-hover text-ink' : 'text-ink-3 hover:text-ink',
      )}
    >
      {word}
    </button>
  );
  return (
    <div className="flex shrink-0 rounded-md border border-line p-px">
      {tab('terminal', 'Screen')}
      {tab('chat', 'Talk')}
      {tab('recording', 'Replay')}
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
