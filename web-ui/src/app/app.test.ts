import { describe, expect, it } from 'vitest';
import { turnsOf } from '@/features/sessions/turns';
import { patchTask } from '@/features/tasks/api';
import { agent, NOON, task } from '@/testing/fixtures';
import { describeChanges } from './meanwhile';
import { newNeed } from './news';
import { piecesAfter } from './routes/growing-reply';
import { groupPlans } from './use-room';

const glance = (agents: [string, string][], tasks: number[]) => ({
  agents: new Map(agents),
  openTasks: new Set(tasks),
});

describe('what changed meanwhile', () => {
  it('is said in one sentence', () => {
    const before = glance(
      [
        ['a-001', 'busy'],
        ['b-001', 'busy'],
      ],
      [1, 2],
    );
    expect(describeChanges(before, before)).toBe('');
    const after = glance(
      [
        ['a-001', 'needs approval'],
        ['b-001', 'busy'],
        ['c-001', 'starting'],
      ],
      [2],
    );
    expect(describeChanges(before, after)).toBe('a-001 is now needs approval, 1 new agent, 1 task ended');
  });
});

describe('tasks', () => {
  it('take over what an update tells', () => {
    const update = { type: 'task_update', task_id: 1, agent: 'droid', title: 'Do it', event: 2 } as const;
    const done = patchTask(task(), { ...update, status: 'completed', elapsed_ms: 9 }, NOON);
    expect(done).toMatchObject({ status: 'completed', elapsed_ms: 9, ended_at: NOON });
    const running = patchTask(
      task(),
      { ...update, status: 'running', elapsed_ms: 9, agent_id: 'd-001' },
      NOON,
    );
    expect(running).toMatchObject({ agent_id: 'd-001', ended_at: null });
  });

  it('that were proposed together are one plan', () => {
    const planned = (id: number, created_at: string) => task({ id, status: 'waiting', created_at });
    const plans = groupPlans([
      planned(4, '2026-11-20T12:00:01.900Z'),
      planned(3, '2026-11-20T12:00:01.100Z'),
      planned(9, '2026-11-20T12:07:00Z'),
    ]);
    expect(plans.map((plan) => plan.map(({ id }) => id))).toEqual([[3, 4], [9]]);
  });
});

describe('news', () => {
  const busy = agent({ activity: { state: 'busy' } });
  const asks = agent({ activity: { state: 'waiting', waiting_for: 'permission' } });

  it('are told when a need begins, once', () => {
    expect(newNeed(busy, asks)).toBe('needs approval');
    expect(newNeed(asks, asks)).toBeNull();
    expect(newNeed(asks, busy)).toBeNull();
    expect(newNeed(busy, agent({ status: 'failed', ended_at: NOON }))).toBe('failed');
  });
});

describe('a reply that grows', () => {
  const said = (offset: number, role: 'user' | 'assistant', at: string) => ({
    offset,
    at,
    role,
    parts: [{ type: 'text' as const, text: `${offset}` }],
    model: null,
    usage: null,
    cost_usd: null,
  });
  const turns = turnsOf([said(0, 'user', NOON), said(1, 'assistant', NOON)]);

  it('shows this turn, and nothing that the talk has already', () => {
    expect(piecesAfter(turns, null)).toHaveLength(1);
    expect(piecesAfter(turns, '2026-11-20T11:59:00Z')).toHaveLength(1);
    expect(piecesAfter(turns, '2026-11-20T12:05:00Z')).toEqual([]);
    expect(piecesAfter(turns.slice(0, 1), null)).toEqual([]);
  });
});
