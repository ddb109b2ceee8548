/** The order of the room: who needs a person most. */
import type { Agent } from '@/protocol/types';
import { isLive } from './states';

/** From most to least pressing. */
export const NEEDS = [
  'approval',
  'question',
  'failed',
  'quota',
  'budget',
  'unread',
  'busy',
  'idle',
  'ended',
] as const;
export type Need = (typeof NEEDS)[number];

export type Group = 'needs' | 'busy' | 'idle' | 'ended';

export const GROUP_TITLES: Record<Group, string> = {
  needs: 'needs you',
  busy: 'busy',
  idle: 'idle',
  ended: 'ended',
};

/** What the person has already looked at. */
export interface Attention {
  /** Agent id → `activity.since` or `ended_at` of what was last seen. */
  seen: Readonly<Record<string, string>>;
  /** Agents that answered while nobody looked. */
  unread: Readonly<Record<string, true>>;
}

export function needOf(agent: Agent, attention: Attention): Need {
  if (agent.status === 'failed' || agent.status === 'timeout' || agent.status === 'lost') {
    return attention.seen[agent.id] === agent.ended_at ? 'ended' : 'failed';
  }
  if (!isLive(agent)) return 'ended';
  const { state, waiting_for } = agent.activity;
  if (agent.status === 'running' && state === 'waiting') {
    if (waiting_for === 'quota' || waiting_for === 'budget') return waiting_for;
    return waiting_for === 'question' ? 'question' : 'approval';
  }
  // What works for another agent answers that agent; only its own people have to read it.
  if (attention.unread[agent.id] && state !== 'busy' && agent.parent === null) return 'unread';
  return agent.status === 'starting' || state === 'busy' ? 'busy' : 'idle';
}

export function groupOf(need: Need): Group {
  if (need === 'busy' || need === 'idle' || need === 'ended') return need;
  return 'needs';
}

export interface Ranked {
  agent: Agent;
  need: Need;
}

/** Sorted by need; within a need the longest wait first, ended ones newest first, the primary ahead of equals. */
export function rank(agents: readonly Agent[], attention: Attention): Ranked[] {
  return agents
    .map((agent) => ({ agent, need: needOf(agent, attention) }))
    .sort((a, b) => {
      const byNeed = NEEDS.indexOf(a.need) - NEEDS.indexOf(b.need);
      if (byNeed !== 0) return byNeed;
      if (a.need === 'ended') return stamp(b.agent.ended_at) - stamp(a.agent.ended_at);
      if (a.agent.role !== b.agent.role) return a.agent.role === 'primary' ? -1 : 1;
      if (a.need === 'busy' || a.need === 'idle') return a.agent.id.localeCompare(b.agent.id);
      return stamp(a.agent.activity.since) - stamp(b.agent.activity.since);
    });
}

function stamp(iso: string | null): number {
  return iso ? Date.parse(iso) : 0;
}

/** The next that needs a person after `current`, going round; null when nobody does. */
export function nextInNeed(ranked: readonly Ranked[], current: string | null): Agent | null {
  const waiting = ranked.filter(({ need }) => groupOf(need) === 'needs').map(({ agent }) => agent);
  if (waiting.length === 0) return null;
  const at = waiting.findIndex((agent) => agent.id === current);
  return waiting[(at + 1) % waiting.length] ?? null;
}
