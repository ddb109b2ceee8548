/**
 * One form of a screen that tmux and xterm.js can both tell, to compare them by; `docs/PROTOCOL.md` defines it
 * and `daemon/crates/tmux/src/snapshot/canon.rs` is the daemon's side.
 */
import type { IBufferCell, Terminal } from '@xterm/xterm';

export interface ScreenHash {
  /** One for each row. */
  rows: number[];
  modes: number;
  /** Of all of it, the cursor included. */
  hash: number;
}

/** What of the emulator is looked at; the page's and the headless one have it. */
export type Screen = Pick<Terminal, 'buffer' | 'cols' | 'rows' | 'modes'>;

const SEED = 0x811c9dc5;
const UNDERLINE = 1 << 3;
/** Attributes that show on a blank. */
const ON_BLANK = UNDERLINE | (1 << 5) | (1 << 7);
const TRACKING = { none: 0, x10: 0, vt200: 1, drag: 2, any: 3 } as const;

const mix = (hash: number, word: number) => Math.imul(hash ^ word, 0x01000193) >>> 0;

export function hashScreen(screen: Screen): ScreenHash {
  const { active } = screen.buffer;
  const rows: number[] = [];
  let cell: IBufferCell | undefined;
  for (let y = 0; y < screen.rows; y += 1) {
    const line = active.getLine(active.baseY + y);
    let [hash, solid] = [SEED, SEED];
    const before = { flags: 0, fg: 0, bg: 0 };
    for (let x = 0; x < screen.cols; x += 1) {
      cell = line?.getCell(x, cell);
      if (!cell || cell.getWidth() === 0) continue;
      const text = cell.getChars() || ' ';
      const all = flagsOf(cell);
      let first = true;
      for (const letter of text) {
        const blank = letter === ' ';
        const flags = blank ? all & ON_BLANK : all;
        const fg = blank ? 0 : colour(cell.isFgRGB(), cell.isFgDefault(), cell.getFgColor());
        const bg = blank ? 0 : colour(cell.isBgRGB(), cell.isBgDefault(), cell.getBgColor());
        if (flags !== before.flags || fg !== before.fg || bg !== before.bg) {
          hash = mix(mix(mix(hash, (0x80000000 | flags) >>> 0), fg), bg);
          Object.assign(before, { flags, fg, bg });
        }
        for (let at = 0; at < letter.length; at += 1) hash = mix(hash, letter.charCodeAt(at));
        if (!blank || flags !== 0 || !first) solid = hash;
        first = false;
      }
    }
    rows.push(solid);
  }
  const modes = modeBits(screen);
  const hash = [...rows, column(screen), active.cursorY, modes].reduce(mix, SEED);
  return { rows, modes, hash };
}

/** Without wrapping, emulators differ in where they wait at the edge. */
function column(screen: Screen): number {
  const x = screen.buffer.active.cursorX;
  return screen.modes.wraparoundMode ? x : Math.min(x, screen.cols - 1);
}

function modeBits({ buffer, modes }: Screen): number {
  const switches = [
    buffer.active.type === 'alternate',
    modes.insertMode,
    modes.applicationCursorKeysMode,
    modes.applicationKeypadMode,
    modes.originMode,
    modes.wraparoundMode,
  ];
  const bits = switches.reduce((sum, on, bit) => sum | (Number(on) << bit), 0);
  return bits | (TRACKING[modes.mouseTrackingMode] << 6);
}

function flagsOf(cell: IBufferCell): number {
  const flags = [
    cell.isBold(),
    cell.isDim(),
    cell.isItalic(),
    underlined(cell),
    cell.isBlink(),
    cell.isInverse(),
    cell.isInvisible(),
    cell.isStrikethrough(),
  ];
  return flags.reduce<number>((sum, on, bit) => sum | (Number(on !== 0) << bit), 0);
}

/** xterm.js underlines links by itself; tmux 3.3a does not know them. */
function underlined(cell: IBufferCell): number {
  const { fg, extended } = cell as IBufferCell & { fg?: number; extended?: { urlId: number } };
  return extended?.urlId ? (fg ?? 0) & 0x10000000 : cell.isUnderline();
}

function colour(rgb: boolean, plain: boolean, value: number): number {
  if (rgb) return 0x1000000 | value;
  return plain ? 0 : value + 1;
}
