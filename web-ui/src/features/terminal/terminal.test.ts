import { describe, expect, it } from 'vitest';
import { parseLines } from '@/lib/ansi';
import { endOf } from './excerpt';
import { placesIn } from './finder';
import { fontFor, sizeFor } from './layout';
import { TitleFilter } from './title-filter';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const run = (...chunks: string[]) => {
  const filter = new TitleFilter();
  return chunks.map((chunk) => text(filter.filter(new TextEncoder().encode(chunk)))).join('');
};

describe('titles in the stream', () => {
  it('are taken out, wherever the stream is cut', () => {
    const stream = 'a\x1bkmy title\x1b\\b\x1b[31mc\x1bkx\x07d';
    for (let cut = 0; cut <= stream.length; cut += 1) {
      expect(run(stream.slice(0, cut), stream.slice(cut))).toBe('ab\x1b[31mcd');
    }
  });

  it('leave everything else as it is', () => {
    const stream = '\x1b\x1b[2J\x1b]0;k\x07é漢\x1b(0';
    for (let cut = 0; cut <= stream.length; cut += 1) {
      expect(run(stream.slice(0, cut), stream.slice(cut), '!')).toBe(`${stream}!`);
    }
  });
});

describe('the size of a terminal', () => {
  const cell = { width: 8, height: 16 };

  it('fills the room, within what the daemon allows', () => {
    expect(sizeFor({ width: 805, height: 490 }, cell)).toEqual({ cols: 100, rows: 30 });
    expect(sizeFor({ width: 40, height: 20 }, cell)).toEqual({ cols: 20, rows: 5 });
    expect(sizeFor({ width: 9000, height: 9000 }, cell)).toEqual({ cols: 400, rows: 200 });
  });

  it('is drawn smaller where there is less room, never larger than normal', () => {
    expect(fontFor({ width: 2000, height: 2000 }, cell, { cols: 100, rows: 30 }, false)).toBe(13);
    expect(fontFor({ width: 400, height: 2000 }, cell, { cols: 100, rows: 30 }, false)).toBe(6.5);
    expect(fontFor({ width: 2000, height: 240 }, cell, { cols: 100, rows: 30 }, false)).toBe(6.5);
    expect(fontFor({ width: 2000, height: 240 }, cell, { cols: 100, rows: 30 }, true)).toBe(13);
    expect(fontFor({ width: 50, height: 50 }, cell, { cols: 400, rows: 200 }, false)).toBe(4);
  });
});

describe('words in a terminal', () => {
  it('are found wherever they stand, the newest first', () => {
    expect(placesIn(['a Cat', 'no', 'cat cat'], 'cat')).toEqual([
      { row: 2, col: 4 },
      { row: 2, col: 0 },
      { row: 0, col: 2 },
    ]);
    expect(placesIn(['aaa'], 'aa')).toEqual([
      { row: 0, col: 1 },
      { row: 0, col: 0 },
    ]);
    expect(placesIn(['a'], '')).toEqual([]);
  });
});

describe('the end of a screen', () => {
  it('has no empty rows around it', () => {
    const rows = parseLines(['one', '', 'two', 'three', '', '']);
    expect(endOf(rows, 3)).toEqual(rows.slice(2, 4));
    expect(endOf(rows, 9)).toEqual(rows.slice(0, 4));
    expect(endOf(parseLines(['', '']), 4)).toEqual([]);
  });
});
