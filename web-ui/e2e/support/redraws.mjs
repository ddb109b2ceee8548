// A recording in pieces, and the screens that it leads to.

/** Claude Code begins a redraw by going up to the first row that it changes. */
export function redraws(bytes) {
  return bytes
    .toString('latin1')
    .split(/(?=\x1b\[\d*A)/)
    .map((part) => Buffer.from(part, 'latin1'));
}

/** The rows of a screen as one text. */
export const asText = (rows) => rows.map((row) => row.trimEnd()).join('\n');

/** What the kernel hands on at once of what a program prints; more than that is a flow, seen on its way by any terminal. */
const FLOW = 4096;

/** A screen on which a line is being written, without that line. */
export const aboveLast = (text) => text.trimEnd().split('\n').slice(0, -1).join('\n').trimEnd();

/** Every screen that stands after a redraw, from an empty one on; and those within flows, line by line. */
export async function screensOf(bytes, { cols, rows }) {
  // The emulator wants a window when it is loaded, and no more of it.
  globalThis.window ??= globalThis;
  globalThis.self ??= globalThis;
  const [{ default: xterm }, { default: unicode }] = await Promise.all([
    import('@xterm/xterm'),
    import('@xterm/addon-unicode11'),
  ]);
  const terminal = new xterm.Terminal({ cols, rows, scrollback: 0, allowProposedApi: true });
  terminal.loadAddon(new unicode.Unicode11Addon());
  terminal.unicode.activeVersion = '11';
  const after = async (part) => {
    await new Promise((done) => terminal.write(part, done));
    const { active } = terminal.buffer;
    const row = (_, at) => active.getLine(active.baseY + at).translateToString(true);
    return asText(Array.from({ length: rows }, row));
  };
  const screens = new Set();
  const flowing = new Set();
  for (const redraw of redraws(bytes)) {
    const lines = redraw.length > FLOW ? redraw.toString('latin1').split(/(?<=\n)/) : [];
    const last = Buffer.from(lines.pop() ?? redraw.toString('latin1'), 'latin1');
    for (const line of lines) flowing.add((await after(Buffer.from(line, 'latin1'))).trimEnd());
    screens.add(await after(last));
  }
  return { screens, flowing };
}
