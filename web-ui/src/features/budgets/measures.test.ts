import { describe, expect, it } from 'vitest';
import type { BudgetReport } from '@/protocol/types';
import { limitOf, lines, raised } from './measures';

const report: BudgetReport = {
  limit: { usd: 2, turns: 10 },
  spent: { usd: null, tokens: 900, wall_s: 60, turns: 12 },
  state: 'spent',
  nearest: 'turns',
  share: 1.2,
};

describe('a budget in words', () => {
  it('has a line for each limit, and says what nobody knows', () => {
    expect(lines(report)).toEqual([
      { measure: 'usd', share: null, words: 'cost unknown of $2.00' },
      { measure: 'turns', share: 1, words: '12 of 10 turns' },
    ]);
  });

  it('says how much is known of what is not known as a whole', () => {
    const spent = { ...report.spent, least_usd: 1.5, tokens: null, least_tokens: 900 };
    const limit = { usd: 2, tokens: 1000 };
    expect(lines({ ...report, limit, spent })).toEqual([
      { measure: 'usd', share: 0.75, words: 'at least $1.50 of $2.00' },
      { measure: 'tokens', share: 0.9, words: 'at least 900 of 1.0k' },
    ]);
    expect(raised({ ...report, limit: { usd: 1 }, spent }, 'usd')).toEqual({ usd: 3 });
  });

  it('is raised to twice of what it was, and of what was spent', () => {
    expect(raised(report, 'turns')).toEqual({ turns: 24 });
    expect(raised(report, 'usd')).toEqual({ usd: 4 });
  });

  it('takes numbers only', () => {
    expect(limitOf('turns', ' 12 ')).toBe(12);
    expect(limitOf('usd', '0.5')).toBe(0.5);
    for (const text of ['', '0', '-1', 'many', '1.5', 'Infinity']) expect(limitOf('turns', text)).toBeNull();
  });
});
