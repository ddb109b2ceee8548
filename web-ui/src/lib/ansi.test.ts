import { describe, expect, it } from 'vitest';
import { applySgr, BOLD, lastMeaningfulLine, parseFrame, parseLines, rowText, TRUE_COLOUR } from './ansi';

describe('whole frames', () => {
  it('places rows by cursor address and clears what was there', () => {
    const rows = parseFrame('junk\x1b[2J\x1b[1;1Hone\x1b[3;5Hthree\x1b[2;1Htwo', 80, 4);
    expect(rows.map(rowText)).toEqual(['one', 'two', '    three', '']);
  });

  it('carries colours from row to row', () => {
    const rows = parseFrame('\x1b[1;1H\x1b[31;1mred\x1b[2;1Hstill\x1b[0m plain', 80, 2);
    expect(rows[1]?.runs.map(({ text, fg, flags }) => [text, fg, flags])).toEqual([
      ['still', 1, BOLD],
      [' plain', -1, 0],
    ]);
  });

  it('reads 256 colours, true colours in both spellings, and bright ones', () => {
    const pen = { fg: -1, bg: -1, flags: 0 };
    applySgr(pen, '38;5;200;48;2;1;2;3');
    expect(pen).toMatchObject({ fg: 200, bg: TRUE_COLOUR | 0x010203 });
    applySgr(pen, '38:2:255:0:0');
    expect(pen.fg).toBe(TRUE_COLOUR | 0xff0000);
    applySgr(pen, '97;39;0');
    expect(pen).toEqual({ fg: -1, bg: -1, flags: 0 });
    applySgr(pen, '91');
    expect(pen.fg).toBe(9);
  });

  it('knows line drawing, wide characters and combining marks', () => {
    const [row] = parseFrame('\x1b)0\x0elqk\x0f 漢e\u0301x', 80, 1);
    expect(rowText(row ?? { runs: [], key: '' })).toBe('┌─┐ 漢e\u0301x');
    expect(row?.runs.reduce((sum, run) => sum + run.width, 0)).toBe(8);
  });

  it('skips what it does not know, and never writes outside', () => {
    const rows = parseFrame('\x1b]0;title\x07\x1bPq#1\x1b\\\x1bktitle\x1b\\\x1b[?25l\x1b[99;99Hab', 10, 2);
    expect(rows.map(rowText)).toEqual(['', '         a']);
    expect(() => parseFrame('\x1b[\x1b]\x1b', 10, 2)).not.toThrow();
  });

  it('gives equal keys to equal rows only', () => {
    const [a] = parseFrame('\x1b[31mx', 9, 1);
    const [b] = parseFrame('\x1b[0m\x1b[31mx', 9, 1);
    const [c] = parseFrame('\x1b[32mx', 9, 1);
    expect(a?.key).toBe(b?.key);
    expect(a?.key).not.toBe(c?.key);
  });
});

it('history rows carry their colours over too', () => {
  const rows = parseLines(['\x1b[32mgreen', 'still green\x1b[0m', 'plain']);
  expect(rows.map((row) => row.runs[0]?.fg)).toEqual([2, 2, -1]);
});

it('the caption is the last line that says something', () => {
  const screen = [
    '⏺ Update(src/main.rs)',
    '  ⎿  Updated with 3 additions',
    '╭──────────╮',
    '│ >        │',
    '╰──────────╯',
    '  ? for shortcuts',
  ].join('\r\n');
  expect(lastMeaningfulLine(parseFrame(screen, 80, 8))).toBe('Updated with 3 additions');
  expect(lastMeaningfulLine(parseFrame('', 80, 8))).toBe('');
});
