/** A talk with what it delegated in its place, plans to answer, and what the agent does now. */
import { lazy, Suspense, useMemo } from 'react';
import { DropArea } from '@/components/drop-area';
import { StateIcon } from '@/components/state-mark';
import { Elapsed } from '@/components/time';
import { Button } from '@/components/ui/button';
import { Empty } from '@/components/ui/states';
import { Chat } from '@/features/chat/chat';
import { Composer, mayWrite } from '@/features/chat/composer';
import { addToDraft } from '@/features/chat/drafts';
import { PlanCard } from '@/features/tasks/plan-card';
import { LastLine } from '@/features/terminal/excerpt';
import { useMay, useMe } from '@/lib/client';
import { awaitsApproval, isLive, showAgent } from '@/lib/states';
import { useDrop } from '@/lib/use-drop';
import type { Agent } from '@/protocol/types';
import { useOpenAgent, useOpenTask, usePrimaryId, useTasks } from '../use-room';
import { Asks } from './asks';
import { LiveTask } from './live-task';

const GrowingReply = lazy(() => import('./growing-reply'));

interface TalkProps {
  agentId: string;
  sessionId: string;
  /** Missing while the primary has not been started. */
  agent: Agent | undefined;
  /** Opens a terminal beside the talk; without it, in its own view. */
  onBeside?: (agentId: string) => void;
}

export function Talk({ agentId, sessionId, agent, onBeside }: TalkProps) {
  const tasks = useTasks().data;
  const openTask = useOpenTask();
  const primary = usePrimaryId() === agentId;
  const asides = useMemo(
    () =>
      (tasks ?? [])
        .filter((task) => task.requested_by === agentId && !awaitsApproval(task))
        .map((task) => ({
          key: `task-${task.id}`,
          at: task.created_at,
          node: <LiveTask task={task} {...(onBeside ? { onBeside } : {})} />,
        })),
    [tasks, agentId, onBeside],
  );
  const closed =
    agent && !isLive(agent) && !primary ? `${agentId} has ended: ${showAgent(agent).word}.` : null;
  const drop = useDrop(agentId, agent !== undefined && isLive(agent), (path) => addToDraft(sessionId, path));
  return (
    <DropArea drop={drop} to={agentId}>
      <Asks agentId={agentId} />
      <Chat
        key={agentId}
        agentId={agentId}
        sessionId={sessionId}
        asides={asides}
        renderAction={(action) => (
          <PlanCard taskIds={action.task_ids} tasks={tasks ?? []} onOpen={openTask} />
        )}
        footer={agent && <Now agent={agent} />}
        empty={
          primary ? (
            <FirstWords />
          ) : (
            <Empty title="Nothing was said yet">Your first message starts the talk.</Empty>
          )
        }
      />
      <Composer sessionId={sessionId} to={primary ? 'the primary' : agentId} closed={closed} drop={drop} />
    </DropArea>
  );
}

/** The last line of a talk: what the agent does at this moment. */
function Now({ agent }: { agent: Agent }) {
  const openAgent = useOpenAgent();
  const mayRead = useMay('transcripts:read');
  const shown = showAgent(agent);
  if (shown.look === 'busy' || shown.look === 'starting') {
    return (
      <div>
        {mayRead && shown.look === 'busy' && agent.kind !== 'shell' && (
          <Suspense fallback={null}>
            <GrowingReply agent={agent} />
          </Suspense>
        )}
        <p className="flex items-center gap-2 text-ink-3 text-sm" role="status">
          <StateIcon look={shown.look} />
          {shown.look === 'busy' ? 'working' : 'starting'}
          <Elapsed from={agent.activity.since} until={null} />
        </p>
        {/* Until the answer is written, the screen says how it comes along. */}
        <LastLine sessionId={agent.session_id} className="mt-1 pl-[22px] text-ink-3" />
      </div>
    );
  }
  if (shown.look === 'waiting') {
    return (
      <p className="flex items-center gap-2 text-sm text-waiting" role="status">
        <StateIcon look="waiting" /> {agent.id} {shown.word}.
        <Button size="sm" onClick={() => openAgent(agent)}>
          Answer in its terminal
        </Button>
      </p>
    );
  }
  return null;
}

const TASTES = [
  'Look at this repository and tell me what it does.',
  'Have a specialist write tests for the newest change.',
  'Propose a plan to tidy up the build, and wait for my yes.',
];

/** What one could say, for those who meet the primary for the first time. */
function FirstWords() {
  const { permissions } = useMe();
  const may = mayWrite(permissions);
  const say = (text: string) => {
    const box = document.querySelector<HTMLTextAreaElement>('[data-composer]');
    if (!box) return;
    // React follows the native setter, so that the draft is the same as if it were typed.
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value')?.set?.call(box, text);
    box.dispatchEvent(new Event('input', { bubbles: true }));
    box.focus();
  };
  return (
    <Empty title="Say what you want done">
      <p>The primary starts with your first message. It works in the folder where the daemon was started.</p>
      {may && (
        <ul className="space-y-2 pt-2 text-left">
          {TASTES.map((text) => (
            <li key={text}>
              <button
                type="button"
                onClick={() => say(text)}
                className="w-full rounded-md border border-line px-3 py-2 text-left text-ink-2 hover:bg-hover hover:text-ink touch:min-h-11"
              >
                {text}
              </button>
            </li>
          ))}
        </ul>
      )}
    </Empty>
  );
}
