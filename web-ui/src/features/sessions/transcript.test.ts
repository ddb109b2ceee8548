import { describe, expect, it } from 'vitest';
import type { Api } from '@/lib/http';
import type { Entry, Part, TranscriptView } from '@/protocol/types';
import { NOON, transcript } from '@/testing/fixtures';
import { countRows, diffLines, patchRows } from './diff';
import { readBack, readFirst } from './reading';
import { viewTool } from './tools';
import { joined, turnsOf } from './turns';
import { withTail } from './use-transcript';

const USAGE = { input_tokens: 1, output_tokens: 2, cache_write_tokens: 3, cache_read_tokens: 4 };

function entry(offset: number, role: Entry['role'], part: Part, given: Partial<Entry> = {}): Entry {
  return { offset, at: NOON, role, parts: [part], model: null, usage: null, cost_usd: null, ...given };
}

const says = (text: string): Part => ({ type: 'text', text });
const calls = (call_id: string): Part => ({ type: 'tool_call', call_id, name: 'Bash', input: '{}' });
const gives = (call_id: string): Part => ({ type: 'tool_result', call_id, text: 'ok', is_error: false });

describe('turns', () => {
  it('put results to their calls and add up what an answer took', () => {
    const turns = turnsOf([
      entry(0, 'user', says('Do it')),
      entry(10, 'assistant', says('I look'), { model: 'm', usage: USAGE, cost_usd: 0.5 }),
      entry(20, 'assistant', calls('a')),
      entry(30, 'user', gives('a')),
      entry(40, 'assistant', says('Done'), { usage: USAGE, cost_usd: 0.25 }),
    ]);
    expect(turns.map(({ role, offset }) => [role, offset])).toEqual([
      ['user', 0],
      ['assistant', 10],
    ]);
    expect(turns[1]).toMatchObject({ model: 'm', cost_usd: 0.75, usage: { output_tokens: 4 } });
    expect(turns[1]?.pieces.map(({ kind }) => kind)).toEqual(['text', 'tool', 'text']);
    expect(turns[1]?.pieces[1]).toMatchObject({ resultAt: 30, result: { text: 'ok' } });
  });

  it('do not know the price of a turn when a part of it has none', () => {
    const [turn] = turnsOf([
      entry(0, 'assistant', says('a'), { usage: USAGE, cost_usd: null }),
      entry(1, 'assistant', says('b'), { usage: USAGE, cost_usd: 0.5 }),
    ]);
    expect(turn?.cost_usd).toBeNull();
  });

  it('keep what people said apart from what a CLI said in their name', () => {
    const turns = turnsOf([
      entry(0, 'user', says('first')),
      entry(1, 'user', says('second')),
      entry(2, 'user', says('<command-name>/clear</command-name>')),
    ]);
    expect(turns.map(({ role }) => role)).toEqual(['user', 'user', 'system']);
  });

  it('show a result whose call lies before what was read', () => {
    const [turn] = turnsOf([entry(5, 'user', gives('gone'))]);
    expect(turn).toMatchObject({ role: 'assistant', pieces: [{ kind: 'result' }] });
  });

  it('change their stamp when a result comes', () => {
    const call = entry(0, 'assistant', calls('a'));
    const before = turnsOf([call])[0]?.stamp;
    expect(turnsOf([call, entry(1, 'user', gives('a'))])[0]?.stamp).not.toBe(before);
  });

  it('count an answer once where two stretches meet in it', () => {
    const told = (offset: number) => entry(offset, 'assistant', says('x'), { usage: USAGE, cost_usd: 1 });
    expect(turnsOf(joined([[told(0)], [told(1), told(2)]]))[0]?.cost_usd).toBe(2);
  });
});

describe('tool calls', () => {
  it('are told in a line', () => {
    const line = (name: string, input: object) => viewTool(name, JSON.stringify(input)).summary;
    expect(line('Bash', { command: 'npm test\nnpm run lint', description: 'x' })).toBe('npm test …');
    expect(line('shell', { command: ['bash', '-lc', 'ls -l'] })).toBe('ls -l');
    expect(line('Read', { file_path: '/home/me/a/b/c/d.ts' })).toBe('…/b/c/d.ts');
    expect(line('Grep', { pattern: 'fn main', path: '/src' })).toBe('fn main in /src');
    expect(line('TodoWrite', { todos: [1, 2] })).toBe('2 steps');
    expect(viewTool('mcp__orchestra__delegate', '{"task":"Count"}')).toMatchObject({
      name: 'orchestra: delegate',
      summary: 'Count',
    });
    expect(viewTool('odd', 'not json').summary).toBe('not json');
    expect(viewTool('odd', '[1]').changes).toEqual([]);
  });

  it('that write files show what changed', () => {
    const rows = (name: string, input: object) => viewTool(name, JSON.stringify(input)).changes;
    const edit = rows('Edit', { file_path: '/a', old_string: 'one\ntwo', new_string: 'one\n2' });
    expect(edit).toMatchObject([{ path: '/a' }]);
    expect(countRows(edit[0]?.rows ?? [])).toEqual({ added: 1, removed: 1 });
    const made = rows('Write', { file_path: '/a', content: 'x\ny\n' });
    expect(countRows(made[0]?.rows ?? [])).toEqual({ added: 2, removed: 0 });
    const both = { file_path: '/a', edits: [{ old_string: 'a', new_string: 'b' }, { odd: 1 }] };
    expect(countRows(rows('MultiEdit', both)[0]?.rows ?? [])).toEqual({ added: 1, removed: 1 });
  });

  it('take patches apart, file by file', () => {
    const patch =
      '*** Begin Patch\n*** Update File: a.ts\n@@ fn\n-old\n+new\n same\n*** Add File: b.ts\n+made\n*** End Patch\n';
    for (const input of [
      patch,
      JSON.stringify({ input: patch }),
      JSON.stringify({ command: ['apply_patch', patch] }),
    ]) {
      const { changes } = viewTool('apply_patch', input);
      expect(changes.map(({ path }) => path)).toEqual(['a.ts', 'b.ts']);
      expect(changes[0]?.rows.map(({ kind }) => kind)).toEqual(['gap', 'del', 'add', 'same']);
    }
  });
});

describe('differences', () => {
  const marks = (before: string, after: string) =>
    diffLines(before, after).map(
      ({ kind, text }) => ({ same: ' ', add: '+', del: '-', gap: '~' })[kind] + text,
    );

  it('stand line by line, with what did not change around them', () => {
    expect(marks('a\nb\nc\n', 'a\nx\nc\nd\n')).toEqual([' a', '-b', '+x', ' c', '+d']);
    expect(marks('', 'a\n')).toEqual(['+a']);
    expect(marks('same', 'same')).toEqual([' same']);
  });

  it('fold long stretches that stayed', () => {
    const long = Array.from({ length: 30 }, (_, n) => `line ${n}`).join('\n');
    expect(marks(`${long}\nend`, `${long}\nEND`)).toEqual([
      '~27 lines as before',
      ' line 27',
      ' line 28',
      ' line 29',
      '-end',
      '+END',
    ]);
  });

  it('of huge texts are given without a comparison that would take for ever', () => {
    const lines = (word: string) => Array.from({ length: 3_000 }, (_, n) => word + n).join('\n');
    expect(countRows(diffLines(lines('a'), lines('b')))).toEqual({ added: 3_000, removed: 3_000 });
  });

  it('of a patch keep their headings', () => {
    expect(patchRows('@@ -1 +1 @@\n-a\n+b').map(({ kind }) => kind)).toEqual(['gap', 'del', 'add']);
  });
});

/** A file of records of 100 bytes each, and one of a megabyte at 5000; told as the daemon does. */
function disk(count: number): { api: Api; asked: string[] } {
  const offsets = Array.from({ length: count }, (_, n) => (n <= 50 ? n * 100 : 1_000_000 + n * 100));
  const bytes = (offsets.at(-1) ?? 0) + 100;
  const asked: string[] = [];
  const get = async (path: string): Promise<TranscriptView> => {
    asked.push(path);
    const query = new URL(path, 'http://x').searchParams;
    const [from, limit] = [Number(query.get('from')), Number(query.get('limit'))];
    const rest = offsets.filter((offset) => offset >= from);
    const shown = rest.slice(0, limit);
    return {
      transcript: transcript({ bytes }),
      children: [],
      entries: shown.map((offset) => entry(offset, 'user', says(String(offset)))),
      next_offset: rest[shown.length] ?? Math.max(bytes, from),
      at_end: limit > 0 && shown.length === rest.length,
      unreadable: 0,
    };
  };
  return { api: { get } as unknown as Api, asked };
}

describe('reading', () => {
  const offsets = (entries: readonly Entry[]) => entries.map(({ offset }) => offset);

  it('goes back from a place without a hole and without telling anything twice', async () => {
    const { api } = disk(3_000);
    const all: number[] = [];
    for (let before = 1_300_100; before > 0; ) {
      const stretch = await readBack(api, 'x', before);
      all.unshift(...offsets(stretch.entries));
      before = stretch.begin;
    }
    expect(all[0]).toBe(0);
    expect(new Set(all).size).toBe(3_000);
    expect([...all].sort((a, b) => a - b)).toEqual(all);
  });

  it('gets over a record that is longer than one step back', async () => {
    const { api } = disk(51);
    const stretch = await readBack(api, 'x', 5_100);
    expect(stretch.entries).toHaveLength(51);
    const { api: beyond } = disk(60);
    expect(offsets((await readBack(beyond, 'x', 1_005_100)).entries).at(-1)).toBe(5_000);
  });

  it('begins at the end with what is there', async () => {
    const { api } = disk(10);
    const stretch = await readFirst(api, 'x', 'end');
    expect(offsets(stretch.entries)).toHaveLength(10);
    expect(stretch).toMatchObject({ begin: 0, next: 1000, atEnd: true });
  });

  it('takes in what came behind the end once', () => {
    const base = {
      begin: 0,
      next: 100,
      atEnd: true,
      unreadable: 0,
      view: { transcript: transcript({}), children: [] },
    };
    const known = [{ ...base, entries: [entry(0, 'user', says('a'))] }];
    const more = { ...base, begin: 100, next: 200, entries: [entry(100, 'user', says('b'))] };
    const longer = withTail(known, 100, more);
    expect(longer[0]?.entries).toHaveLength(2);
    expect(withTail(longer, 100, more)[0]?.entries).toHaveLength(2);
  });
});
