/** Colours of the screens: dark glass in both themes, because the CLIs draw for a dark ground; others by choice. */
import { create } from 'zustand';
import { DIM, INVERSE, type Pen, TRUE_COLOUR } from './ansi';
import { load, save } from './storage';

const NIGHT = {
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
};

export type ScreenColours = Record<keyof typeof NIGHT, string>;
export type ScreenName = 'night' | 'contrast' | 'paper';

export const SCREENS: Record<ScreenName, ScreenColours> = {
  night: NIGHT,
  contrast: {
    ...NIGHT,
    background: '#000000',
    foreground: '#ffffff',
    cursor: '#ffffff',
    cursorAccent: '#000000',
    red: '#ff8a80',
    green: '#8ff59a',
    yellow: '#ffe27a',
    blue: '#9ec5ff',
    magenta: '#e3b8ff',
    cyan: '#8df0f7',
    white: '#f2f2f2',
    brightBlack: '#b4bcc2',
  },
  paper: {
    background: '#fbfaf6',
    foreground: '#24282c',
    cursor: '#24282c',
    cursorAccent: '#fbfaf6',
    selectionBackground: '#8a3fb840',
    black: '#24282c',
    red: '#b3261e',
    green: '#1e6e34',
    yellow: '#825400',
    blue: '#1f57b8',
    magenta: '#8a3fb8',
    cyan: '#0c6a74',
    white: '#686e73',
    brightBlack: '#5d656b',
    brightRed: '#c4342b',
    brightGreen: '#2a7f42',
    brightYellow: '#8f5f06',
    brightBlue: '#2c66cc',
    brightMagenta: '#9a50c8',
    brightCyan: '#177984',
    brightWhite: '#3a4045',
  },
};

interface ScreenState {
  name: ScreenName;
  choose(name: ScreenName): void;
}

/** Which colours the screens have; whoever draws one anew takes them from `screenColours`. */
export const useScreen = create<ScreenState>((set) => ({
  name: load<ScreenName>('screen', 'night'),
  choose(name) {
    save('screen', name);
    set({ name });
    paintRoot(name);
  },
}));

export function screenColours(): ScreenColours {
  return SCREENS[useScreen.getState().name] ?? NIGHT;
}

/** The same colours for what is drawn with CSS. */
function paintRoot(name: ScreenName): void {
  const root = globalThis.document?.documentElement;
  const { background, foreground } = SCREENS[name] ?? NIGHT;
  root?.style.setProperty('--screen', background);
  root?.style.setProperty('--screen-ink', foreground);
}

paintRoot(useScreen.getState().name);

export const SCREEN_FONT =
  '"JetBrains Mono Variable", "Orchestra Symbols", "JetBrains Mono", ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

const ANSI = [
  'black',
  'red',
  'green',
  'yellow',
  'blue',
  'magenta',
  'cyan',
  'white',
  'brightBlack',
  'brightRed',
  'brightGreen',
  'brightYellow',
  'brightBlue',
  'brightMagenta',
  'brightCyan',
  'brightWhite',
] as const;

const CUBE = cube();

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

function colour(value: number, fallback: string, screen: ScreenColours): string {
  if (value < 0) return fallback;
  if (value >= TRUE_COLOUR) return `#${value.toString(16).slice(1)}`;
  const name = ANSI[value];
  return (name ? screen[name] : CUBE[value - ANSI.length]) ?? fallback;
}

/** Foreground and background of a pen; a null background is the screen's own. */
export function penColours(pen: Pen): { fg: string; bg: string | null; alpha: number } {
  const screen = screenColours();
  const inverse = (pen.flags & INVERSE) !== 0;
  const fg = inverse ? colour(pen.bg, screen.background, screen) : colour(pen.fg, screen.foreground, screen);
  const bg = inverse
    ? colour(pen.fg, screen.foreground, screen)
    : pen.bg < 0
      ? null
      : colour(pen.bg, screen.background, screen);
  return { fg, bg, alpha: pen.flags & DIM ? 0.6 : 1 };
}
