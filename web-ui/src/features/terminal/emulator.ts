/** xterm.js as this page uses it: no answers, no scrollback of its own, links only after a question. */
import { Unicode11Addon } from '@xterm/addon-unicode11';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { WebglAddon } from '@xterm/addon-webgl';
import { Terminal } from '@xterm/xterm';
import { SCREEN_FONT, screenColours } from '@/lib/terminal-theme';
import { FONT_SIZE } from './layout';
import { isReport, swallowQueries } from './replies';

export interface EmulatorOptions {
  size: { cols: number; rows: number };
  /** False where nothing may ever be typed through the hidden text box. */
  keyboard: boolean;
  /** Draws with WebGL where there is any; browsers allow only a few such canvases. */
  accelerated: boolean;
  onLink(url: string): void;
  onData(data: string): void;
  onPaste(text: string): void;
  /** False keeps a key from the program. */
  onKey(event: KeyboardEvent): boolean;
  /** Whether the wheel belongs to the program. */
  onWheel(): boolean;
}

export function openEmulator(host: HTMLElement, options: EmulatorOptions): Terminal {
  const open = (_: MouseEvent, url: string) => /^https?:\/\//i.test(url) && options.onLink(url);
  const terminal = new Terminal({
    allowProposedApi: true,
    cols: options.size.cols,
    rows: options.size.rows,
    // History comes from tmux and stands above the screen (`history-pane.ts`).
    scrollback: 0,
    fontFamily: SCREEN_FONT,
    fontSize: FONT_SIZE,
    lineHeight: 1.2,
    cursorInactiveStyle: options.keyboard ? 'outline' : 'none',
    disableStdin: true,
    theme: screenColours(),
    drawBoldTextInBrightColors: false,
    macOptionIsMeta: true,
    linkHandler: { activate: open, allowNonHttpProtocols: false },
  });
  terminal.loadAddon(new Unicode11Addon());
  terminal.unicode.activeVersion = '11';
  terminal.loadAddon(new WebLinksAddon(open));
  swallowQueries(terminal.parser);
  terminal.open(host);
  if (options.accelerated) accelerate(terminal);
  terminal.onData((data) => !isReport(data) && options.onData(data));
  terminal.onBinary((data) => options.onData(data));
  terminal.attachCustomKeyEventHandler((event) => !isPageKey(terminal, event) && options.onKey(event));
  terminal.attachCustomWheelEventHandler(options.onWheel);
  prepareInput(terminal, options);
  return terminal;
}

/** The page's own keys, never the agent's: in and out, paste, find, and copy, which the browser would take for its inspector. */
function isPageKey(terminal: Terminal, event: KeyboardEvent): boolean {
  if (!event.ctrlKey) return false;
  if (event.shiftKey && event.key === 'C' && event.type === 'keydown' && terminal.hasSelection()) {
    event.preventDefault();
    void navigator.clipboard?.writeText(terminal.getSelection());
  }
  return event.key === '`' || (event.shiftKey && /^[CVF]$/.test(event.key));
}

/** The rows of the screen as text. */
export function screenRows(terminal: Terminal): string[] {
  const buffer = terminal.buffer.active;
  return Array.from(
    { length: terminal.rows },
    (_, row) => buffer.getLine(buffer.baseY + row)?.translateToString(true) ?? '',
  );
}

function accelerate(terminal: Terminal): void {
  try {
    const webgl = new WebglAddon();
    webgl.onContextLoss(() => webgl.dispose());
    terminal.loadAddon(webgl);
  } catch {
    // No WebGL here: the DOM renderer draws.
  }
}

/** Pastes go as one block to the daemon, which knows what the program asked for; xterm.js does not. */
function prepareInput(terminal: Terminal, { keyboard, onPaste }: EmulatorOptions): void {
  const box = terminal.textarea;
  if (!box) return;
  box.setAttribute('aria-label', 'Terminal input');
  box.disabled = !keyboard;
  const pasted = (event: ClipboardEvent) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    onPaste(event.clipboardData?.getData('text/plain') ?? '');
  };
  terminal.element?.addEventListener('paste', pasted, { capture: true });
}
