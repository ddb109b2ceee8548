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
import { Courtesy } from './courtesy';
import { openEmulator } from './emulator';
import { compareScreen } from './healer';
import { HistoryPane } from './history-pane';
import type { Box } from './layout';
import type { Prefs } from './prefs';
import { ScreenFit } from './screen-fit';
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
const SIZE_SETTLES_MS = 1500;

export class TerminalSession implements TerminalViewer {
  readonly mode = 'live' as const;
  readonly changed = new Emitter<TerminalState>();

  readonly #deps: TerminalDeps;
  readonly #terminal: Terminal;
  readonly #filter = new TitleFilter();
  readonly #history: HistoryPane | null;
  readonly #detach: () => void;
  readonly #fit: ScreenFit;
  readonly #courtesy = new Courtesy();
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
  #sizedAt = 0;

  constructor(deps: TerminalDeps) {
    this.#deps = deps;
    this.#terminal = this.#open();
    this.#fit = this.#fitTo(deps);
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
    this.#detach();
    this.#courtesy.dispose();
    this.#fit.dispose();
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
    this.#fit.set({ fit });
  }

  /** On a small screen: letters of this size, and panning; null shows the whole picture. */
  zoomTo(letters: number | null): void {
    this.#fit.set({ letters });
  }

  /** Size of letters as they are seen now. */
  letters(): number {
    return this.#fit.letters();
  }

  prefer({ fontSize, screenReader }: Prefs): void {
    this.#terminal.options.screenReaderMode = screenReader;
    this.#deps.history.ariaHidden = String(!screenReader);
    this.#fit.set({ base: fontSize });
  }

  /** For those who read what is drawn. */
  get terminal(): Terminal {
    return this.#terminal;
  }

  /** Asks for older history; false when there is none. */
  older(): boolean {
    return this.#history?.older() ?? false;
  }

  type(data: string): void {
    if (!this.#state.mine) return;
    this.#courtesy.typed();
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
    this.#fit.set({ box });
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
    this.#fit.layout();
  }

  seat(message: SeatMessage): void {
    const taken = message.mine && !this.#state.mine;
    this.#resizeTo(message.cols, message.rows);
    this.#set({ mine: message.mine, holder: message.holder ?? null });
    this.#fit.layout();
    if (taken) this.focus();
  }

  history(message: HistoryMessage): void {
    this.#history?.receive(message);
  }

  screenHash(message: ScreenHashMessage): void {
    this.#courtesy.flush();
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
    const parsed = () => {
      if (channel !== this.#channel) return;
      this.#parsed += counted;
      if (this.#parsed - this.#acked < ACK_BYTES) return;
      this.#acked = this.#parsed;
      this.#deps.hub.send({ type: 'ack', channel, bytes: this.#parsed });
    };
    this.#courtesy.write(() => this.#terminal.write(bytes, parsed));
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

  #fitTo({ viewport, history, host, touch, peek, hub, sessionId }: TerminalDeps): ScreenFit {
    const deps = {
      terminal: this.#terminal,
      viewport,
      history,
      host,
      touch,
      mine: () => this.#state.mine,
      askSize: (size: { cols: number; rows: number }) => {
        this.#sizedAt = Date.now();
        hub.send({ type: 'terminal_resize', session_id: sessionId, ...size });
      },
      placed: () => this.#history?.keep(),
    };
    return new ScreenFit(deps, !touch && !peek);
  }

  /** Glyphs drawn before their font came are drawn anew, and cells measured again. */
  #fontsLoaded = (): void => {
    this.#terminal.options.fontFamily = 'monospace';
    this.#terminal.options.fontFamily = SCREEN_FONT;
    this.#terminal.clearTextureAtlas();
    this.#fit.layout();
  };

  #key(event: KeyboardEvent): boolean {
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
    this.#courtesy.flush();
    this.#terminal.resize(cols, rows);
    this.#set({ cols, rows });
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
