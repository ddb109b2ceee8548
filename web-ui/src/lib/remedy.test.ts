import { expect, it } from 'vitest';
import { commandsOf } from './remedy';

it('finds the commands of a remedy in both spellings', () => {
  expect(commandsOf('Install it with: npm install -g x — then log in once by running: x login')).toEqual([
    'npm install -g x',
    'x login',
  ]);
  expect(commandsOf('Install it with `npm i -g x`, then run `x` once.')).toEqual(['npm i -g x', 'x']);
  expect(commandsOf('Ask your admin.')).toEqual([]);
});
