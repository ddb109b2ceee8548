import { expect, it } from 'vitest';
import type { DiffFile } from '@/protocol/types';
import { rowsOf, toMessage } from './diff-rows';

const file: DiffFile = {
  path: 'src/a.rs',
  old_path: null,
  change: 'modified',
  insertions: 2,
  deletions: 1,
  binary: false,
  executes: false,
  truncated: false,
  hunks: [
    {
      old_start: 10,
      old_lines: 3,
      new_start: 12,
      new_lines: 4,
      heading: 'fn main()',
      lines: [' same', '-old', '+new', '+more', ' end', '\\ No newline at end of file'],
    },
  ],
};

it('numbers each line on its own side', () => {
  const rows = rowsOf([file], new Set());
  expect(rows.map(({ kind, line }) => [kind, line])).toEqual([
    ['file', null],
    ['hunk', null],
    ['same', '+12'],
    ['del', '-11'],
    ['add', '+13'],
    ['add', '+14'],
    ['same', '+15'],
    ['note', null],
  ]);
  expect(rowsOf([file], new Set(['src/a.rs']))).toHaveLength(1);
});

it('makes one message of all comments, with the code they are about', () => {
  const worktree = { branch: 'orchestra/fix', base: 'main' };
  const text = toMessage(worktree, [
    { path: 'src/a.rs', line: '+13', code: '  new', text: 'Name it better. ' },
    { path: 'src/a.rs', line: '-11', code: 'old', text: 'Why did this go?' },
  ]);
  expect(text).toBe(
    'I read your changes on orchestra/fix against main. Please look at these 2 places:\n\n' +
      'src/a.rs:13\n> new\nName it better.\n\nsrc/a.rs, line 11 before\n> old\nWhy did this go?',
  );
});
