/** The inbox's logic: the list under updates, the diff, the questions. */
import { expect, it } from 'vitest';
import type { Approval } from '@/protocol/types';
import { pendingOf, withApprovals } from './api';
import { lineDiff } from './line-diff';
import { questionsOf } from './question-form';
import { endOf, onItsWay } from './state-line';

const one = (given: Partial<Approval>): Approval =>
  ({ id: '1', state: 'pending', form: 'permission', scope: null, answered_by: null, ...given }) as Approval;

it('keeps one of each, the newest first, and shows the longest wait first', () => {
  const list = withApprovals([one({ id: '1' }), one({ id: '3' })], [one({ id: '2' }), one({ id: '3' })]);
  expect(list.map(({ id }) => id)).toEqual(['3', '2', '1']);
  const after = withApprovals(list, [one({ id: '2', state: 'denied' })]);
  expect(pendingOf(after).map(({ id }) => id)).toEqual(['1', '3']);
});

it('says how it ended, and whether the agent has it', () => {
  expect(endOf(one({ state: 'allowed', scope: 'once', answered_by: 'Ann' }))).toBe('allowed by Ann');
  expect(endOf(one({ state: 'allowed', scope: 'rule', rule: 'Bash(ls *)' }))).toBe(
    'allowed by the rule Bash(ls *)',
  );
  expect(endOf(one({ state: 'withdrawn', reason: 'the agent ended' }))).toBe('the agent ended');
  expect(onItsWay(one({ state: 'denied', delivered_at: null }))).toBe(true);
  expect(onItsWay(one({ state: 'withdrawn', delivered_at: null }))).toBe(false);
});

it('shows which lines went, came and stayed', () => {
  const signs = (before: string, after: string) =>
    lineDiff(before, after)
      .map(({ kind, text }) => `${{ same: ' ', gone: '-', new: '+' }[kind]}${text}`)
      .join('|');
  expect(signs('a\nb\nc\n', 'a\nx\nc\n')).toBe(' a|-b|+x| c');
  expect(signs('', 'a\nb')).toBe('+a|+b');
  expect(signs('a\nb', '')).toBe('-a|-b');
  expect(signs('a\na', 'a')).toBe(' a|-a');
  expect(signs('one\ntwo\nthree\nfour', 'two\nthree\n3.5\nfour')).toBe('-one| two| three|+3.5| four');
  const many = Array.from({ length: 3000 }, (_, at) => `${at}`);
  expect(lineDiff(many.join('\n'), [...many].reverse().join('\n')).length).toBeGreaterThan(3000);
});

it('reads questions and leaves out what is none', () => {
  const questions = questionsOf({
    questions: [{ question: 'Which?', options: [{ label: 'A' }, { nothing: 1 }, 'x'] }, 'x', null, {}],
  });
  expect(questions).toEqual([
    { question: 'Which?', header: '', multiSelect: false, options: [{ label: 'A', description: '' }] },
  ]);
  expect(questionsOf({})).toEqual([]);
});
