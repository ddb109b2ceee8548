/** A diff as equal rows, so that the longest scrolls like the shortest; and what was said to its lines, as one message. */
import type { DiffFile, Worktree } from '@/protocol/types';

export type RowKind = 'file' | 'hunk' | 'same' | 'add' | 'del' | 'note';

export interface Row {
  kind: RowKind;
  file: DiffFile;
  text: string;
  /** The line's number before and after; null where it has none. */
  before: number | null;
  after: number | null;
  /** Names the line for a comment; null where there is nothing to say something to. */
  line: string | null;
}

export interface Comment {
  path: string;
  /** `+12` for the new line 12, `-9` for the old line 9. */
  line: string;
  code: string;
  text: string;
}

export function rowsOf(files: readonly DiffFile[], folded: ReadonlySet<string>): Row[] {
  return files.flatMap((file) => {
    const row = (kind: RowKind, text: string): Row => ({
      kind,
      file,
      text,
      before: null,
      after: null,
      line: null,
    });
    const head = row('file', file.path);
    if (folded.has(file.path)) return [head];
    if (file.binary) return [head, row('note', 'A binary file; nothing to read.')];
    if (file.hunks.length === 0) return [head, row('note', 'No line changed.')];
    const cut = file.truncated ? [row('note', 'More of it is not shown.')] : [];
    return [head, ...file.hunks.flatMap((hunk) => hunkRows(file, hunk)), ...cut];
  });
}

function hunkRows(file: DiffFile, hunk: DiffFile['hunks'][number]): Row[] {
  let before = hunk.old_start;
  let after = hunk.new_start;
  const head = `@@ ${hunk.old_start} → ${hunk.new_start} ${hunk.heading}`.trimEnd();
  const rows: Row[] = [{ kind: 'hunk', file, text: head, before: null, after: null, line: null }];
  for (const line of hunk.lines) {
    const text = line.slice(1);
    if (line.startsWith('+')) {
      rows.push({ kind: 'add', file, text, before: null, after, line: `+${after}` });
      after += 1;
    } else if (line.startsWith('-')) {
      rows.push({ kind: 'del', file, text, before, after: null, line: `-${before}` });
      before += 1;
    } else if (line.startsWith('\\')) {
      rows.push({
        kind: 'note',
        file,
        text: 'No newline at the end.',
        before: null,
        after: null,
        line: null,
      });
    } else {
      rows.push({ kind: 'same', file, text, before, after, line: `+${after}` });
      before += 1;
      after += 1;
    }
  }
  return rows;
}

/** Where a comment belongs. */
export function placeOf({ path, line }: Pick<Comment, 'path' | 'line'>): string {
  return `${path} ${line}`;
}

/** One message with every comment, each with its file, line and the code it is about. */
export function toMessage(worktree: Pick<Worktree, 'branch' | 'base'>, comments: readonly Comment[]): string {
  const about = comments.map(({ path, line, code, text }) => {
    const where = line.startsWith('-') ? `${path}, line ${line.slice(1)} before` : `${path}:${line.slice(1)}`;
    return `${where}\n> ${code.trim()}\n${text.trim()}`;
  });
  const head = `I read your changes on ${worktree.branch} against ${worktree.base}. Please look at ${
    comments.length === 1 ? 'this' : `these ${comments.length} places`
  }:`;
  return [head, ...about].join('\n\n');
}
