/** Colours of the screens: dark glass in both themes, because the CLIs draw for a dark ground. */
import { DIM, INVERSE, type Pen, TRUE_COLOUR } from './ansi';

export const SCREEN = {
  background: '#0b0e10',
  foreground: '#dcd8cf',
  cursor: '#f1ede4',
  cursorAccent: '#0b0e10',
  selectionBackground: '#c99be859',
  black: '#1c2226',
  red: '#ec7a70',
  green: '#85c98c',
  yellow: '#e5b567',
  blue: '#7cabef',
  magenta: '#c99be8',
  cyan: '#76c5cc',
  white: '#cfcac0',
  brightBlack: '#7b858c',
  brightRed: '#ff9d93',
  brightGreen: '#a8e3ad',
  brightYellow: '#f8d08a',
  brightBlue: '#a6c8ff',
  brightMagenta: '#e0bdf8',
  brightCyan: '#9fe4ea',
  brightWhite: '#f7f4ec',
} as const;

export const SCREEN_FONT =
  '"JetBrains Mono Variable", "Orchestra Symbols", "JetBrains Mono", ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

const PALETTE: string[] = [
  SCREEN.black,
  SCREEN.red,
  SCREEN.green,
  SCREEN.yellow,
  SCREEN.blue,
  SCREEN.magenta,
  SCREEN.cyan,
  SCREEN.white,
  SCREEN.brightBlack,
  SCREEN.brightRed,
  SCREEN.brightGreen,
  SCREEN.brightYellow,
  SCREEN.brightBlue,
  SCREEN.brightMagenta,
  SCREEN.brightCyan,
  SCREEN.brightWhite,
  ...cube(),
];

function cube(): string[] {
  const steps = [0, 95, 135, 175, 215, 255];
  const colours: string[] = [];
  for (const r of steps) for (const g of steps) for (const b of steps) colours.push(hex(r, g, b));
  for (let i = 0; i < 24; i += 1) colours.push(hex(8 + i * 10, 8 + i * 10, 8 + i * 10));
  return colours;
}

function hex(r: number, g: number, b: number): string {
  return `#${((1 << 24) | (r << 16) | (g << 8) | b).toString(16).slice(1)}`;
}

function colour(value: number, fallback: string): string {
  if (value < 0) return fallback;
  if (value >= TRUE_COLOUR) return `#${value.toString(16).slice(1)}`;
  return PALETTE[value] ?? fallback;
}

/** Foreground and background of a pen; a null background is the screen's own. */
export function penColours(pen: Pen): { fg: string; bg: string | null; alpha: number } {
  const inverse = (pen.flags & INVERSE) !== 0;
  const fg = colour(inverse ? pen.bg : pen.fg, inverse ? SCREEN.background : SCREEN.foreground);
  const bg = inverse
    ? colour(pen.fg, SCREEN.foreground)
    : pen.bg < 0
      ? null
      : colour(pen.bg, SCREEN.background);
  return { fg, bg, alpha: pen.flags & DIM ? 0.6 : 1 };
}
