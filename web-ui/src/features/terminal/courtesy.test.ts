/** Terminals beside the one that is typed into wait a little, and lose nothing. */
import { expect, it, vi } from 'vitest';
import { Courtesy } from './courtesy';

it('who is typed into goes first, and the rest comes whole and in order', () => {
  vi.useFakeTimers();
  const [typist, beside] = [new Courtesy(), new Courtesy()];
  const said: string[] = [];
  beside.write(() => said.push('a'));
  expect(said).toEqual(['a']);
  typist.typed();
  beside.write(() => said.push('b'));
  beside.write(() => said.push('c'));
  typist.write(() => said.push('echo'));
  expect(said).toEqual(['a', 'echo']);
  vi.advanceTimersByTime(150);
  expect(said).toEqual(['a', 'echo', 'b', 'c']);
  // Whoever reads or sizes the screen gets all of it.
  beside.write(() => said.push('d'));
  beside.flush();
  expect(said.at(-1)).toBe('d');
  // Nobody types any more.
  beside.write(() => said.push('e'));
  vi.advanceTimersByTime(1000);
  beside.write(() => said.push('f'));
  expect(said.slice(-2)).toEqual(['e', 'f']);
  vi.useRealTimers();
});
