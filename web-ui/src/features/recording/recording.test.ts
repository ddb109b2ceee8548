/** Where a recording begins to play. */
import { expect, it } from 'vitest';
import { secondsAt } from './player-frame';

const cast = (head: unknown) => `${JSON.stringify(head)}\n[0.5,"o","x"]\n`;

it('a moment is found by the time at which the recording began', () => {
  const made = cast({ version: 2, width: 80, height: 24, timestamp: 1_800_000_000 });
  expect(secondsAt(made, new Date(1_800_000_012_500).toISOString())).toBe(12.5);
  expect(secondsAt(made, '2001-01-01T00:00:00Z')).toBe(0);
  expect(secondsAt(made, 'no time')).toBeNull();
  expect(secondsAt('no recording', '2027-01-01T00:00:00Z')).toBeNull();
  expect(secondsAt(cast({ version: 2 }), '2027-01-01T00:00:00Z')).toBeNull();
});
