/** A tool call in one line, and the changes of files that its input describes. */
import { shortPath } from '@/lib/format';
import { type DiffRow, diffLines, patchRows } from './diff';

export interface FileChange {
  path: string | null;
  rows: DiffRow[];
}

export interface ToolView {
  /** What it is called, without the marks of its protocol. */
  name: string;
  /** What it was asked to do, in one line. */
  summary: string;
  changes: FileChange[];
  /** Its input for reading: the command, or JSON with line breaks. */
  input: string;
}

const MOST = 160;
/** Keys that say what a call is about, the most telling first. */
const TELLING = [
  'command',
  'cmd',
  'file_path',
  'notebook_path',
  'absolute_path',
  'pattern',
  'query',
  'url',
  'path',
  'description',
  'task',
  'prompt',
];

type Input = Record<string, unknown>;

export function viewTool(name: string, input: string): ToolView {
  const parsed = parse(input);
  return {
    name: plainName(name),
    summary: parsed ? summarise(parsed) : firstLine(input),
    changes: changesOf(parsed, input),
    input: parsed ? readable(parsed) : input,
  };
}

function parse(text: string): Input | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Input) : null;
  } catch {
    return null;
  }
}

/** `mcp__orchestra__delegate` is delegate, of orchestra. */
function plainName(name: string): string {
  const parts = /^mcp__(.+?)__(.+)$/.exec(name);
  return parts ? `${parts[1]}: ${parts[2]}` : name;
}

function words(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return shell(value);
  return null;
}

/** A command as a list of words; of `bash -lc TEXT` the text tells it all. */
function shell(list: readonly string[]): string {
  const [program, flag, text] = list;
  return list.length === 3 && /sh$/.test(program ?? '') && /^-l?c$/.test(flag ?? '')
    ? (text ?? '')
    : list.join(' ');
}

function summarise(input: Input): string {
  if (Array.isArray(input.todos)) return `${input.todos.length} steps`;
  if (Array.isArray(input.plan)) return `${input.plan.length} steps`;
  for (const key of TELLING) {
    const value = words(input[key]);
    if (!value) continue;
    const shown = /path$/.test(key) ? shortPath(value, 3) : firstLine(value);
    const place = key === 'pattern' && typeof input.path === 'string' ? ` in ${shortPath(input.path)}` : '';
    return shown + place;
  }
  const first = Object.values(input).find((value) => typeof value === 'string' && value !== '');
  return first ? firstLine(String(first)) : '';
}

function firstLine(text: string): string {
  const line = text.trim().split('\n')[0] ?? '';
  const rest = text.trim().includes('\n');
  return line.length > MOST ? `${line.slice(0, MOST)}…` : rest ? `${line} …` : line;
}

function readable(input: Input): string {
  const only = Object.keys(input).filter((key) => key !== 'description');
  const command = words(input.command) ?? words(input.cmd);
  if (command !== null && only.length === 1) return command;
  return JSON.stringify(input, null, 2);
}

function changesOf(input: Input | null, raw: string): FileChange[] {
  const text = (key: string) => (typeof input?.[key] === 'string' ? (input[key] as string) : null);
  const path = text('file_path') ?? text('path') ?? text('notebook_path') ?? text('absolute_path');
  const edit = editRows(input);
  if (edit) return [{ path, rows: edit }];
  if (Array.isArray(input?.edits)) {
    const all = input.edits.map((each) => editRows(each as Input)).filter((rows) => rows !== null);
    return all.length > 0 ? [{ path, rows: all.flat() }] : [];
  }
  const content = text('content') ?? text('new_source');
  if (path !== null && content !== null) return [{ path, rows: diffLines('', content) }];
  const patch = [raw, words(input?.command), text('patch'), text('input')].find((each) =>
    each?.includes('*** Begin Patch\n'),
  );
  if (!patch) return [];
  const from = patch.indexOf('*** Begin Patch\n');
  const end = patch.indexOf('*** End Patch', from);
  return splitPatch(end === -1 ? patch.slice(from) : patch.slice(from, end));
}

function editRows(input: Input | null): DiffRow[] | null {
  const { old_string: before, new_string: after } = input ?? {};
  return typeof before === 'string' && typeof after === 'string' ? diffLines(before, after) : null;
}

function splitPatch(patch: string): FileChange[] {
  const pieces = patch.split(/^(?=\*\*\* (?:Add|Update|Delete) File: )/m);
  return pieces
    .map((piece) => {
      const named = /^\*\*\* (?:Add|Update|Delete) File: (.+)\n?/.exec(piece);
      return { path: named?.[1] ?? null, rows: patchRows(named ? piece.slice(named[0].length) : piece) };
    })
    .filter(({ path, rows }) => path !== null || rows.length > 0);
}
