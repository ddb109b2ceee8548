/** One xterm.js bound to one agent's terminal: live frames in, keys out when it holds the seat. */
import type { Terminal } from '@xterm/xterm';
import { Emitter } from '@/lib/emitter';
import { type Frame, nextSeq } from '@/lib/frame';
import type {
  HistoryMessage,
  ScreenHashMessage,
  SeatMessage,
  SocketError,
  Subscribed,
  TerminalHub,
  TerminalViewer,
} from '@/lib/terminal-hub';
import { SCREEN_FONT } from '@/lib/terminal-theme';
import type { SeatHolder } from '@/protocol/types';
import { openEmulator } from './emulator';
import { compareScreen } from './healer';
import { HistoryPane } from './history-pane';
import { type Box, type Cell, FONT_SIZE, fontFor, letterWidth, sizeFor } from './layout';
import { TitleFilter } from './title-filter';

export interface TerminalState {
  phase: 'joining' | 'live' | 'offline' | 'refused';
  cols: number;
  rows: number;
  mine: boolean;
  holder: SeatHolder | null;
  /** Output was skipped to catch up, and the screen is whole again. */
  gap: boolean;
  refusal: string | null;
}

export interface TerminalDeps {
  hub: TerminalHub;
  sessionId: string;
  viewport: HTMLElement;
  history: HTMLElement;
  host: HTMLElement;
  /** Fingers never type through the emulator's hidden text box. */
  touch: boolean;
  /** A glance: no keys, no history, no seat. */
  peek: boolean;
  onLink(url: string): void;
}

const ACK_BYTES = 64 * 1024;
const RESIZE_MS = 100;
const SIZE_SETTLES_MS = 1500;

export class TerminalSession implements TerminalViewer {
  readonly mode = 'live' as const;
  readonly changed = new Emitter<TerminalState>();

  readonly #deps: TerminalDeps;
  readonly #terminal: Terminal;
  readonly #filter = new TitleFilter();
  readonly #history: HistoryPane | null;
  readonly #detach: () => void;
  readonly #drawn: ResizeObserver;
  #state: TerminalState = {
    phase: 'joining',
    cols: 120,
    rows: 40,
    mine: false,
    holder: null,
    gap: false,
    refusal: null,
  };
  #channel = 0;
  #epoch: string | null = null;
  #next: number | null = null;
  #parsed = 0;
  #acked = 0;
  #parts: Uint8Array[] = [];
  #cell: Cell = { width: 7.8, height: 16 };
  #box: Box = { width: 0, height: 0 };
  #fit: boolean;
  #zoomed = false;
  #sizedAt = 0;
  #resize: ReturnType<typeof setTimeout> | undefined;

  constructor(deps: TerminalDeps) {
    this.#deps = deps;
    this.#fit = !deps.touch && !deps.peek;
    this.#terminal = this.#open();
    this.#drawn = new ResizeObserver(this.#place);
    const screen = deps.host.querySelector('.xterm-screen');
    if (screen) this.#drawn.observe(screen);
    this.#history = deps.peek
      ? null
      : new HistoryPane(deps.viewport, deps.history, (before, lines) =>
          deps.hub.send({
            type: 'terminal_history',
            session_id: deps.sessionId,
            lines,
            ...(before === undefined ? {} : { before }),
          }),
        );
    this.#detach = deps.hub.attach(deps.sessionId, this);
  }

  get state(): TerminalState {
    return this.#state;
  }

  dispose(): void {
    clearTimeout(this.#resize);
    this.#detach();
    this.#drawn.disconnect();
    this.#history?.dispose();
    document.fonts?.removeEventListener('loadingdone', this.#fontsLoaded);
    this.#terminal.dispose();
    this.changed.clear();
  }

  // — what the person does —

  focus(): void {
    if (!this.#deps.touch) this.#terminal.focus();
  }

  takeSeat(): void {
    this.#send('take_seat');
    this.focus();
  }

  releaseSeat(): void {
    this.#send('release_seat');
  }

  /** Whether the terminal takes the size of this screen while this viewer holds the seat. */
  fitToScreen(fit: boolean): void {
    this.#fit = fit;
    this.#layout();
  }

  /** On a small screen: letters one can read, and panning, instead of the whole picture. */
  zoom(zoomed: boolean): void {
    this.#zoomed = zoomed;
    this.#layout();
  }

  type(data: string): void {
    if (!this.#state.mine) return;
    this.#history?.toBottom();
    this.#deps.hub.send({ type: 'terminal_input', session_id: this.#deps.sessionId, data });
  }

  paste(data: string): void {
    if (!data || !this.#state.mine) return;
    this.#deps.hub.send({ type: 'terminal_paste', session_id: this.#deps.sessionId, data });
  }

  /** The mark of a gap was read. */
  clearGap(): void {
    this.#set({ gap: false });
  }

  setBox(box: Box): void {
    this.#box = box;
    this.#layout();
  }

  toBottom(): void {
    this.#history?.toBottom();
  }

  // — what the daemon says —

  position(): { epoch: string; from: number } | null {
    return this.#epoch !== null && this.#next !== null ? { epoch: this.#epoch, from: this.#next } : null;
  }

  subscribed(message: Subscribed): void {
    if (message.mode !== 'live') return;
    const joins = message.epoch === this.#epoch;
    this.#channel = message.channel;
    this.#epoch = message.epoch;
    this.#parsed = 0;
    this.#acked = 0;
    this.#parts = [];
    if (!joins) {
      this.#next = null;
      this.#filter.reset();
    }
    this.#resizeTo(message.cols, message.rows);
    this.#set({ phase: 'live', mine: message.mine, holder: message.seat ?? null, refusal: null });
    this.#history?.restart();
    this.#layout();
  }

  seat(message: SeatMessage): void {
    const taken = message.mine && !this.#state.mine;
    this.#resizeTo(message.cols, message.rows);
    this.#set({ mine: message.mine, holder: message.holder ?? null });
    this.#layout();
    if (taken) this.focus();
  }

  history(message: HistoryMessage): void {
    this.#history?.receive(message);
  }

  screenHash(message: ScreenHashMessage): void {
    const place = () => ({ channel: this.#channel, next: this.#next });
    compareScreen(this.#terminal, message, place, (answer) => this.#deps.hub.send(answer));
  }

  refused(error: SocketError): void {
    if (error.about === 'subscribe_terminal') this.#set({ phase: 'refused', refusal: error.detail });
  }

  offline(): void {
    this.#set({ phase: 'offline', mine: false, holder: null });
  }

  frame(frame: Frame): void {
    switch (frame.kind) {
      case 'gap':
        // A new size always begins with one, and then nothing was lost.
        if (Date.now() - this.#sizedAt > SIZE_SETTLES_MS) this.#set({ gap: true });
        return;
      case 'snapshot_part':
        this.#parts.push(frame.payload);
        return;
      case 'snapshot':
        return this.#snapshot(frame);
      case 'heal':
        return this.#write(frame.payload, frame.payload.length);
      case 'output':
        return this.#output(frame);
      default:
        frame.kind satisfies never;
    }
  }

  /** All parts at once, so that no half-drawn screen is ever painted. */
  #snapshot(frame: Frame): void {
    this.#filter.reset();
    for (const part of this.#parts) this.#write(part, part.length);
    this.#parts = [];
    this.#write(frame.payload, frame.payload.length);
    this.#next = frame.seq;
    this.#history?.wrote();
  }

  #output(frame: Frame): void {
    const known = this.#next ?? frame.seq;
    const skip = Math.max(0, known - frame.seq);
    const fresh = frame.payload.subarray(Math.min(skip, frame.payload.length));
    this.#next = Math.max(known, nextSeq(frame));
    this.#write(this.#filter.filter(fresh), frame.payload.length);
    this.#history?.wrote();
  }

  #write(bytes: Uint8Array, counted: number): void {
    const channel = this.#channel;
    this.#terminal.write(bytes, () => {
      if (channel !== this.#channel) return;
      this.#parsed += counted;
      if (this.#parsed - this.#acked < ACK_BYTES) return;
      this.#acked = this.#parsed;
      this.#deps.hub.send({ type: 'ack', channel, bytes: this.#parsed });
    });
  }

  // — the emulator —

  #open(): Terminal {
    const { host, touch, peek, onLink } = this.#deps;
    document.fonts?.addEventListener('loadingdone', this.#fontsLoaded);
    return openEmulator(host, {
      size: this.#state,
      keyboard: !touch && !peek,
      accelerated: !peek,
      onLink,
      onData: (data) => this.type(data),
      onPaste: (text) => this.paste(text),
      onKey: (event) => this.#key(event),
      onWheel: () => this.#wheelGoesToProgram(),
    });
  }

  /** Glyphs drawn before their font came are drawn anew, and cells measured again. */
  #fontsLoaded = (): void => {
    this.#terminal.options.fontFamily = 'monospace';
    this.#terminal.options.fontFamily = SCREEN_FONT;
    this.#terminal.clearTextureAtlas();
    this.#layout();
  };

  #key(event: KeyboardEvent): boolean {
    // Into and out of the terminal: the page's own key, never the agent's.
    if (event.ctrlKey && event.key === '`') return false;
    if (event.ctrlKey && event.shiftKey && (event.key === 'V' || event.key === 'C')) return false;
    if (this.#state.mine) return true;
    if (event.type === 'keydown' && event.key === 'Enter') this.takeSeat();
    return false;
  }

  /** The wheel scrolls through history, unless a program asked for it and this viewer may type. */
  #wheelGoesToProgram(): boolean {
    if (!this.#state.mine || this.#history?.pinned === false) return false;
    return (
      this.#terminal.modes.mouseTrackingMode !== 'none' || this.#terminal.buffer.active.type === 'alternate'
    );
  }

  #resizeTo(cols: number, rows: number): void {
    if (cols === this.#terminal.cols && rows === this.#terminal.rows) return;
    this.#sizedAt = Date.now();
    this.#terminal.resize(cols, rows);
    this.#set({ cols, rows });
  }

  /** Draws as large as fits; asks the agent for this screen's size only from the seat. */
  #layout(): void {
    const { width, height } = this.#box;
    if (width < 40 || height < 40) return;
    const { cols, rows } = this.#terminal;
    this.#measure();
    const own = this.#fit && this.#state.mine;
    const font =
      own || this.#zoomed ? FONT_SIZE : fontFor(this.#box, this.#cell, cols, rows, this.#deps.touch);
    if (this.#terminal.options.fontSize !== font) this.#terminal.options.fontSize = font;
    this.#place();
    if (own) this.#askSize();
  }

  /** What the font size leaves over is scaled away; called again whenever the drawn screen changes its size. */
  #place = (): void => {
    const { host, viewport, history, touch } = this.#deps;
    const font = this.#terminal.options.fontSize ?? FONT_SIZE;
    const { width, height } = this.#box;
    const screen = host.querySelector<HTMLElement>('.xterm-screen');
    const [wide, high] = [screen?.offsetWidth || width, screen?.offsetHeight || height];
    const fits = Math.min(width / wide, touch ? Number.POSITIVE_INFINITY : height / high);
    const plain = this.#zoomed || (this.#fit && this.#state.mine);
    const scale = plain ? 1 : Math.min(fits, FONT_SIZE / font);
    host.style.transform = scale === 1 ? '' : `scale(${scale})`;
    viewport.style.setProperty('--cell-height', `${(high / this.#terminal.rows) * scale}px`);
    history.style.fontSize = `${font * scale}px`;
    const cell = (wide / this.#terminal.cols) * scale;
    history.style.letterSpacing = `${cell - letterWidth(font * scale)}px`;
    this.#history?.keep();
  };

  #askSize(): void {
    clearTimeout(this.#resize);
    this.#resize = setTimeout(() => {
      const size = sizeFor(this.#box, this.#cell);
      if (!this.#state.mine || (size.cols === this.#state.cols && size.rows === this.#state.rows)) return;
      this.#sizedAt = Date.now();
      this.#deps.hub.send({ type: 'terminal_resize', session_id: this.#deps.sessionId, ...size });
    }, RESIZE_MS);
  }

  /** The size of a cell at the normal font size, from what is drawn now. */
  #measure(): void {
    const screen = this.#deps.host.querySelector<HTMLElement>('.xterm-screen');
    const font = this.#terminal.options.fontSize ?? FONT_SIZE;
    if (!screen?.offsetWidth) return;
    this.#cell = {
      width: (screen.offsetWidth / this.#terminal.cols / font) * FONT_SIZE,
      height: (screen.offsetHeight / this.#terminal.rows / font) * FONT_SIZE,
    };
  }

  #send(type: 'take_seat' | 'release_seat'): void {
    this.#deps.hub.send({ type, session_id: this.#deps.sessionId });
  }

  #set(change: Partial<TerminalState>): void {
    this.#state = { ...this.#state, ...change };
    this.#terminal.options.disableStdin = !this.#state.mine || this.#deps.touch;
    this.#terminal.options.cursorBlink = this.#state.mine;
    const box = this.#terminal.textarea;
    if (box) box.dataset.passive = String(!this.#state.mine);
    this.changed.emit(this.#state);
  }
}
