/** How big a terminal is drawn: its own size scaled to the room there is, or the room's size asked of it. */
import { SCREEN_FONT } from '@/lib/terminal-theme';

export interface Box {
  width: number;
  height: number;
}

export interface Cell {
  width: number;
  height: number;
}

export const FONT_SIZE = 13;
export const MIN_FONT_SIZE = 4;
const LIMITS = { cols: [20, 400], rows: [5, 200] } as const;

/** Columns and rows that fill a box, within what the daemon allows. */
export function sizeFor(box: Box, cell: Cell): { cols: number; rows: number } {
  const clamp = (value: number, [low, high]: readonly [number, number]) =>
    Math.max(low, Math.min(high, value));
  return {
    cols: clamp(Math.floor(box.width / cell.width), LIMITS.cols),
    rows: clamp(Math.floor(box.height / cell.height), LIMITS.rows),
  };
}

/** The font size, in half pixels, at which a terminal of that size still fits; never above `base`, for which the cell is given. */
export function fontFor(
  box: Box,
  cell: Cell,
  { cols, rows }: { cols: number; rows: number },
  byWidth: boolean,
  base = FONT_SIZE,
): number {
  const wide = box.width / (cols * cell.width);
  const high = box.height / (rows * cell.height);
  const ratio = Math.min(1, wide, byWidth ? 1 : high);
  return Math.max(MIN_FONT_SIZE, Math.floor(base * ratio * 2) / 2);
}

let pencil: CanvasRenderingContext2D | null | undefined;

/** How wide the browser sets one letter; the emulator rounds its cells, and text beside it has to follow. */
export function letterWidth(fontSize: number): number {
  pencil ??= document.createElement('canvas').getContext('2d');
  if (!pencil) return fontSize * 0.6;
  pencil.font = `${fontSize}px ${SCREEN_FONT}`;
  return pencil.measureText('mmmmmmmmmm').width / 10;
}
