/** Reads whole frames and history rows into coloured runs, for pictures cheaper than an emulator. */

/** Colours: -1 default, 0..255 palette, 0x1000000 | rgb otherwise. */
export interface Pen {
  fg: number;
  bg: number;
  flags: number;
}

export const BOLD = 1;
export const DIM = 2;
export const ITALIC = 4;
export const UNDERLINE = 8;
export const INVERSE = 16;
export const STRIKE = 32;
export const HIDDEN = 64;
export const TRUE_COLOUR = 0x1000000;

export interface Run extends Pen {
  col: number;
  /** Cells it covers. */
  width: number;
  text: string;
}

/** One row: its runs, and a key that is equal exactly when the row looks the same. */
export interface Row {
  runs: Run[];
  key: string;
}

const EMPTY: Row = { runs: [], key: '' };
// DEC line drawing, from 0x60 to 0x7e.
const DRAWING = '◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·';

/** Cells that a code point takes: 0 for combining marks, 2 for wide ones. */
export function cellWidth(code: number): 0 | 1 | 2 {
  if (code < 0x300) return 1;
  if ((code >= 0x300 && code <= 0x36f) || code === 0x200d || (code >= 0xfe00 && code <= 0xfe0f)) return 0;
  if (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0x303e) ||
    (code >= 0x3041 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1f64f) ||
    (code >= 0x1f680 && code <= 0x1f6ff) ||
    (code >= 0x1f900 && code <= 0x1f9ff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  ) {
    return 2;
  }
  return 1;
}

/** Applies the parameters of one `CSI … m` to the pen. */
export function applySgr(pen: Pen, text: string): void {
  const codes = text === '' ? [0] : text.split(/[;:]/).map((part) => (part === '' ? 0 : Number(part)));
  // `4:0` … `4:5` are underline styles, the only common use of a colon beside colours.
  if (/^4:\d$/.test(text)) {
    pen.flags = text === '4:0' ? pen.flags & ~UNDERLINE : pen.flags | UNDERLINE;
    return;
  }
  for (let i = 0; i < codes.length; i += 1) {
    const code = codes[i] ?? 0;
    if (code === 0) Object.assign(pen, { fg: -1, bg: -1, flags: 0 });
    else if (code === 1) pen.flags |= BOLD;
    else if (code === 2) pen.flags |= DIM;
    else if (code === 3) pen.flags |= ITALIC;
    else if (code === 4) pen.flags |= UNDERLINE;
    else if (code === 7) pen.flags |= INVERSE;
    else if (code === 8) pen.flags |= HIDDEN;
    else if (code === 9) pen.flags |= STRIKE;
    else if (code === 22) pen.flags &= ~(BOLD | DIM);
    else if (code === 23) pen.flags &= ~ITALIC;
    else if (code === 24) pen.flags &= ~UNDERLINE;
    else if (code === 27) pen.flags &= ~INVERSE;
    else if (code === 28) pen.flags &= ~HIDDEN;
    else if (code === 29) pen.flags &= ~STRIKE;
    else if (code >= 30 && code <= 37) pen.fg = code - 30;
    else if (code === 39) pen.fg = -1;
    else if (code >= 40 && code <= 47) pen.bg = code - 40;
    else if (code === 49) pen.bg = -1;
    else if (code >= 90 && code <= 97) pen.fg = code - 82;
    else if (code >= 100 && code <= 107) pen.bg = code - 92;
    else if (code === 38 || code === 48 || code === 58) {
      const [colour, used] = extendedColour(codes, i + 1);
      if (code === 38) pen.fg = colour;
      else if (code === 48) pen.bg = colour;
      i += used;
    }
  }
}

function extendedColour(codes: number[], at: number): [colour: number, used: number] {
  if (codes[at] === 5) return [(codes[at + 1] ?? 0) & 0xff, 2];
  if (codes[at] !== 2) return [-1, 0];
  const [r = 0, g = 0, b = 0] = codes.slice(at + 1, at + 4);
  return [TRUE_COLOUR | ((r & 0xff) << 16) | ((g & 0xff) << 8) | (b & 0xff), 4];
}

/** A small reader: cursor addressing, colours, line drawing, erase; everything else is skipped. */
class Reader {
  readonly rows: Run[][];
  readonly pen: Pen = { fg: -1, bg: -1, flags: 0 };
  #row = 0;
  #col = 0;
  #drawing = false;
  #shifted = false;

  constructor(
    readonly cols: number,
    readonly height: number,
  ) {
    this.rows = Array.from({ length: height }, () => []);
  }

  read(data: string): void {
    let i = 0;
    while (i < data.length) {
      const code = data.codePointAt(i) ?? 0;
      if (code === 0x1b) i = this.#escape(data, i + 1);
      else {
        if (code < 0x20) this.#control(code);
        else if (code !== 0x7f) this.#put(code);
        i += code > 0xffff ? 2 : 1;
      }
    }
  }

  #control(code: number): void {
    if (code === 0x0d) this.#col = 0;
    else if (code === 0x0a) this.#row = Math.min(this.#row + 1, this.height - 1);
    else if (code === 0x08) this.#col = Math.max(0, this.#col - 1);
    else if (code === 0x09) this.#col = Math.min(this.cols - 1, (this.#col | 7) + 1);
    else if (code === 0x0e) this.#shifted = true;
    else if (code === 0x0f) this.#shifted = false;
  }

  #put(code: number): void {
    const width = cellWidth(code);
    const row = this.rows[this.#row];
    if (!row || (width > 0 && this.#col + width > this.cols)) return;
    const drawn = this.#drawing && this.#shifted && code >= 0x60 && code <= 0x7e;
    const char = drawn ? (DRAWING[code - 0x60] ?? ' ') : String.fromCodePoint(code);
    const last = row.at(-1);
    const { fg, bg, flags } = this.pen;
    const joins =
      last && last.fg === fg && last.bg === bg && last.flags === flags && last.col + last.width === this.#col;
    if (last && (joins || width === 0)) {
      last.text += char;
      last.width += width;
    } else row.push({ col: this.#col, width, text: char, fg, bg, flags });
    this.#col += width;
  }

  #escape(data: string, at: number): number {
    const next = data[at];
    if (next === '[') return this.#csi(data, at + 1);
    if (next === ']' || next === 'P' || next === 'k' || next === '_' || next === '^') {
      return endOfString(data, at + 1);
    }
    if (next === 'c') this.#reset();
    if (next === ')') this.#drawing = data[at + 1] === '0';
    return next === '(' || next === ')' || next === '*' || next === '+' || next === '#' ? at + 2 : at + 1;
  }

  #csi(data: string, at: number): number {
    let end = at;
    while (end < data.length && data.charCodeAt(end) < 0x40) end += 1;
    const params = data.slice(at, end);
    const final = data[end];
    const [a, b] = params.split(';').map(Number);
    if (final === 'm' && !/^[<>?]/.test(params)) applySgr(this.pen, params);
    else if (final === 'H' || final === 'f') {
      this.#row = clamp((a || 1) - 1, this.height);
      this.#col = clamp((b || 1) - 1, this.cols);
    } else if (final === 'G') this.#col = clamp((a || 1) - 1, this.cols);
    else if (final === 'd') this.#row = clamp((a || 1) - 1, this.height);
    else if (final === 'C') this.#col = clamp(this.#col + (a || 1), this.cols);
    else if (final === 'J' && a === 2) for (const row of this.rows) row.length = 0;
    return end + 1;
  }

  #reset(): void {
    for (const row of this.rows) row.length = 0;
    Object.assign(this.pen, { fg: -1, bg: -1, flags: 0 });
    this.#row = 0;
    this.#col = 0;
    this.#drawing = false;
    this.#shifted = false;
  }
}

function clamp(value: number, size: number): number {
  return Math.max(0, Math.min(size - 1, value));
}

function endOfString(data: string, from: number): number {
  for (let i = from; i < data.length; i += 1) {
    if (data[i] === '\x07') return i + 1;
    if (data[i] === '\x1b' && data[i + 1] === '\\') return i + 2;
  }
  return data.length;
}

function toRow(runs: Run[]): Row {
  if (runs.length === 0) return EMPTY;
  return { runs, key: runs.map((r) => `${r.col},${r.fg},${r.bg},${r.flags},${r.text}`).join('\u0001') };
}

/** The rows of one whole frame. */
export function parseFrame(data: string, cols: number, rows: number): Row[] {
  const reader = new Reader(cols, rows);
  reader.read(data);
  return reader.rows.map(toRow);
}

/** Rows of history: each is a line of its own, but colours carry over from one to the next. */
export function parseLines(lines: readonly string[], cols = 1000): Row[] {
  const pen: Pen = { fg: -1, bg: -1, flags: 0 };
  return lines.map((line) => {
    const reader = new Reader(cols, 1);
    Object.assign(reader.pen, pen);
    reader.read(line);
    Object.assign(pen, reader.pen);
    return toRow(reader.rows[0] ?? []);
  });
}

export function rowText(row: Row): string {
  let text = '';
  for (const run of row.runs) text += ' '.repeat(Math.max(0, run.col - text.length)) + run.text;
  return text;
}

/** The last line that says something to a person: not a frame, a rule or an empty prompt. */
export function lastMeaningfulLine(rows: readonly Row[]): string {
  for (let i = rows.length - 1; i >= 0; i -= 1) {
    const row = rows[i];
    const text = row ? rowText(row).replace(FRAME, ' ').trim() : '';
    if (/\p{L}{2,}.*\p{L}/u.test(text) && !HINT.test(text)) return text.replace(/\s{2,}/g, '  ');
  }
  return '';
}

// Box drawing anywhere, and the marks that begin a prompt.
const FRAME = /[\u2500-\u259f│┃|]+|^\s*[❯>›$#*·•⏵⏺⎿]+\s/gu;
// Lines that interactive CLIs always show at the bottom; they tell nothing about the work.
const HINT =
  /^(\? for shortcuts|esc to interrupt|shift\+tab|ctrl[+-]|tokens:|press enter|write tests for @|\d+% context)/i;
