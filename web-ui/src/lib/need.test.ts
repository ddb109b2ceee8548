import { describe, expect, it } from 'vitest';
import { agent, NOON } from '@/testing/fixtures';
import { needOf, nextInNeed, rank } from './need';

const nothing = { seen: {}, unread: {} };
const waiting = (id: string, waiting_for: 'permission' | 'question' | 'quota', since = NOON) =>
  agent({ id, activity: { state: 'waiting', waiting_for, since } });

describe('need', () => {
  it('puts approval before question before failure before quota before what was answered', () => {
    const agents = [
      agent({ id: 'idle-001' }),
      agent({ id: 'busy-001', activity: { state: 'busy' } }),
      agent({ id: 'unread-001' }),
      waiting('quota-001', 'quota'),
      agent({ id: 'failed-001', status: 'failed', ended_at: NOON }),
      waiting('question-001', 'question'),
      waiting('approval-001', 'permission'),
      agent({ id: 'done-001', status: 'completed', ended_at: NOON }),
    ];
    const ranked = rank(agents, { seen: {}, unread: { 'unread-001': true } });
    expect(ranked.map(({ need }) => need)).toEqual([
      'approval',
      'question',
      'failed',
      'quota',
      'unread',
      'busy',
      'idle',
      'ended',
    ]);
  });

  it('lets who waits longest come first', () => {
    const late = waiting('a-001', 'permission', '2026-11-20T12:05:00Z');
    const early = waiting('b-001', 'permission', '2026-11-20T12:01:00Z');
    expect(rank([late, early], nothing).map(({ agent: { id } }) => id)).toEqual(['b-001', 'a-001']);
  });

  it('lets a failure rest once it was seen', () => {
    const failed = agent({ status: 'failed', ended_at: NOON });
    expect(needOf(failed, nothing)).toBe('failed');
    expect(needOf(failed, { seen: { 'droid-001': NOON }, unread: {} })).toBe('ended');
  });

  it('asks for nobody while a new turn runs', () => {
    const busy = agent({ activity: { state: 'busy' } });
    expect(needOf(busy, { seen: {}, unread: { 'droid-001': true } })).toBe('busy');
  });

  it('goes round among those in need', () => {
    const ranked = rank([waiting('a-001', 'permission'), waiting('b-001', 'question'), agent()], nothing);
    expect(nextInNeed(ranked, null)?.id).toBe('a-001');
    expect(nextInNeed(ranked, 'a-001')?.id).toBe('b-001');
    expect(nextInNeed(ranked, 'b-001')?.id).toBe('a-001');
    expect(nextInNeed(rank([agent()], nothing), null)).toBeNull();
  });
});
