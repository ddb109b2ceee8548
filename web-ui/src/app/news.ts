/** What is said in a corner of the page when something begins to need its person, or fails, somewhere else. */
import { useAttention } from '@/lib/attention';
import { needOf } from '@/lib/need';
import { isOpen, showAgent } from '@/lib/states';
import { toast } from '@/lib/toast';
import type { Agent, ServerMessage, Task } from '@/protocol/types';

export type Place = { agent: string } | { task: number };
type TaskUpdate = Extract<ServerMessage, { type: 'task_update' }>;

const PRESSING = ['approval', 'question', 'failed', 'quota', 'budget'];
/** Long enough to finish a sentence first. */
const STAYS_MS = 9000;

/** The need that an update brings and that was not there before; null when there is nothing new to say. */
export function newNeed(before: Agent | undefined, agent: Agent): string | null {
  const attention = useAttention.getState();
  const now = needOf(agent, attention);
  const was = before ? needOf(before, attention) : null;
  return now !== was && PRESSING.includes(now) ? showAgent(agent).word : null;
}

export function tellNeed(before: Agent | undefined, agent: Agent, open: (place: Place) => void): void {
  const id = `need-${agent.id}`;
  const need = newNeed(before, agent);
  if (need === null) {
    if (showAgent(agent).look !== 'waiting' && showAgent(agent).look !== 'failed') toast.dismiss(id);
    return;
  }
  const looking = useAttention.getState().looking === agent.id && document.visibilityState === 'visible';
  if (looking) return;
  toast(`${agent.id} ${need}`, {
    id,
    duration: STAYS_MS,
    ...(agent.title ? { description: agent.title } : {}),
    action: { label: 'Open', onClick: () => open({ agent: agent.id }) },
  });
}

export function tellFailure(
  before: Task | undefined,
  update: TaskUpdate,
  open: (place: Place) => void,
): void {
  if (update.status !== 'failed' && update.status !== 'timeout') return;
  if (!before || !isOpen(before.status)) return;
  toast.error(`Task #${update.task_id} ${update.status === 'failed' ? 'failed' : 'ran out of time'}`, {
    id: `task-${update.task_id}`,
    duration: STAYS_MS,
    description: update.title,
    action: { label: 'Open', onClick: () => open({ task: update.task_id }) },
  });
}
