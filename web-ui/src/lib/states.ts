/** How the states of agents and tasks are shown: one look each, always with a word. */
import type { Agent, Task, TaskStatus } from '@/protocol/types';

/** The eight looks of a state; `components/state-mark` gives each a colour and an icon. */
export type Look = 'pending' | 'starting' | 'busy' | 'waiting' | 'failed' | 'done' | 'ended' | 'idle';

export interface Shown {
  look: Look;
  word: string;
}

export function isLive(agent: Agent): boolean {
  return agent.status === 'starting' || agent.status === 'running';
}

export function showAgent(agent: Agent): Shown {
  switch (agent.status) {
    case 'starting':
      return { look: 'starting', word: 'starting' };
    case 'running':
      return showActivity(agent);
    case 'completed':
      return { look: 'done', word: 'done' };
    case 'failed':
      return { look: 'failed', word: 'failed' };
    case 'timeout':
      return { look: 'failed', word: 'timed out' };
    case 'killed':
      return { look: 'ended', word: 'killed' };
    case 'lost':
      return { look: 'ended', word: 'lost' };
    default:
      return agent.status satisfies never;
  }
}

function showActivity(agent: Agent): Shown {
  const { state, waiting_for } = agent.activity;
  if (state === 'busy') return { look: 'busy', word: 'busy' };
  if (state === 'idle') return { look: 'idle', word: 'idle' };
  if (state === 'unknown') return { look: 'pending', word: 'unsure' };
  if (waiting_for === 'permission') return { look: 'waiting', word: 'needs approval' };
  if (waiting_for === 'question') return { look: 'waiting', word: 'asks you' };
  if (waiting_for === 'quota') return { look: 'waiting', word: 'out of quota' };
  if (waiting_for === 'budget') return { look: 'waiting', word: 'budget spent' };
  return { look: 'waiting', word: 'waiting' };
}

const TASK_LOOKS: Record<TaskStatus, Shown> = {
  queued: { look: 'pending', word: 'queued' },
  assigned: { look: 'starting', word: 'starting' },
  running: { look: 'busy', word: 'running' },
  waiting: { look: 'waiting', word: 'waiting' },
  completed: { look: 'done', word: 'done' },
  failed: { look: 'failed', word: 'failed' },
  cancelled: { look: 'ended', word: 'cancelled' },
  timeout: { look: 'failed', word: 'timed out' },
};

export function showTask(status: TaskStatus): Shown {
  return TASK_LOOKS[status];
}

export function isOpen(status: TaskStatus): boolean {
  return status === 'queued' || status === 'assigned' || status === 'running' || status === 'waiting';
}

/** A task of a plan that a person has not yet agreed to. */
export function awaitsApproval(task: Task): boolean {
  return task.status === 'waiting' && task.attempts.length === 0;
}
