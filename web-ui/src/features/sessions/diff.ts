/** Two texts line by line, and patches as agents write them: rows to show, with what did not change folded. */

export interface DiffRow {
  kind: 'same' | 'add' | 'del' | 'gap';
  text: string;
}

export interface DiffCounts {
  added: number;
  removed: number;
}

/** Unchanged lines that stand around a change. */
const AROUND = 3;
/** Cells of the table up to which lines are compared one with each other; larger texts count as wholly new. */
const MOST_CELLS = 1_000_000;

export function diffLines(before: string, after: string): DiffRow[] {
  const old = lines(before);
  const now = lines(after);
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (
    tail < old.length - head &&
    tail < now.length - head &&
    old[old.length - 1 - tail] === now[now.length - 1 - tail]
  ) {
    tail += 1;
  }
  return fold([
    ...old.slice(0, head).map(same),
    ...compare(old.slice(head, old.length - tail), now.slice(head, now.length - tail)),
    ...old.slice(old.length - tail).map(same),
  ]);
}

/** Lines of a text; the line feed at its end begins no further one. */
function lines(text: string): string[] {
  if (text === '') return [];
  return text.replace(/\n$/, '').split('\n');
}

function same(text: string): DiffRow {
  return { kind: 'same', text };
}

function compare(old: readonly string[], now: readonly string[]): DiffRow[] {
  const rows: DiffRow[] = [];
  const del = (text: string) => rows.push({ kind: 'del', text });
  const add = (text: string) => rows.push({ kind: 'add', text });
  if (old.length * now.length > MOST_CELLS) {
    old.forEach(del);
    now.forEach(add);
    return rows;
  }
  // longest[i][j]: how many lines the rests from i and from j have in common, in order.
  const width = now.length + 1;
  const longest = new Uint32Array((old.length + 1) * width);
  const at = (i: number, j: number) => longest[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      longest[i * width + j] =
        old[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    const [left, right] = [old[i], now[j]];
    if (left !== undefined && left === right) {
      rows.push(same(left));
      i += 1;
      j += 1;
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      del(left);
      i += 1;
    } else {
      add(right ?? '');
      j += 1;
    }
  }
  return rows;
}

/** Long stretches without a change become one row that says how long they are. */
function fold(rows: readonly DiffRow[]): DiffRow[] {
  const near = new Set<number>();
  rows.forEach((row, index) => {
    if (row.kind === 'same') return;
    for (let by = -AROUND; by <= AROUND; by += 1) near.add(index + by);
  });
  const out: DiffRow[] = [];
  let hidden: DiffRow[] = [];
  const close = () => {
    // A row that hides one line saves nothing.
    if (hidden.length === 1) out.push(...hidden);
    else if (hidden.length > 1) out.push({ kind: 'gap', text: `${hidden.length} lines as before` });
    hidden = [];
  };
  rows.forEach((row, index) => {
    if (near.has(index)) {
      close();
      out.push(row);
    } else hidden.push(row);
  });
  close();
  return out;
}

/** A patch with plus and minus marks, as `apply_patch` and `diff` write it. */
export function patchRows(patch: string): DiffRow[] {
  return lines(patch)
    .filter((line) => !/^\*\*\* (Begin|End) Patch/.test(line))
    .map((line): DiffRow => {
      if (/^(\*\*\* |@@|diff |index |--- |\+\+\+ )/.test(line)) {
        return { kind: 'gap', text: line.replace(/^\*\*\* /, '') };
      }
      if (line.startsWith('+')) return { kind: 'add', text: line.slice(1) };
      if (line.startsWith('-')) return { kind: 'del', text: line.slice(1) };
      return same(line.startsWith(' ') ? line.slice(1) : line);
    });
}

export function countRows(rows: readonly DiffRow[]): DiffCounts {
  return {
    added: rows.filter(({ kind }) => kind === 'add').length,
    removed: rows.filter(({ kind }) => kind === 'del').length,
  };
}
