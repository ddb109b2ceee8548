/** Who in this tab looks at which terminal: one subscription per terminal, however many viewers. */
import type { ClientMessage, Mode, ServerMessage } from '@/protocol/types';
import type { Frame } from './frame';
import type { OrchestraSocket } from './orchestra-socket';

type Of<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>;
export type Subscribed = Of<'subscribed'>;
export type Sample = Of<'terminal_output'>;
export type SeatMessage = Of<'seat'>;
export type HistoryMessage = Of<'terminal_history'>;
export type ScreenHashMessage = Of<'screen_hash'>;
export type SocketError = Of<'error'>;

/** One picture of a terminal. Each call is optional: a thumbnail needs only `sample`. */
export interface TerminalViewer {
  mode: Mode;
  subscribed?(message: Subscribed): void;
  sample?(message: Sample): void;
  frame?(frame: Frame): void;
  seat?(message: SeatMessage): void;
  history?(message: HistoryMessage): void;
  screenHash?(message: ScreenHashMessage): void;
  refused?(error: SocketError): void;
  offline?(): void;
  /** A live picture of the same terminal is open in this tab: no samples come until it closes. */
  paused?(): void;
  /** Where a broken live stream may go on. */
  position?(): { epoch: string; from: number } | null;
}

interface Watched {
  viewers: Set<TerminalViewer>;
  mode: Mode;
  channel: number | null;
  lastSample: Sample | null;
}

export class TerminalHub {
  readonly #socket: OrchestraSocket;
  readonly #watched = new Map<string, Watched>();
  readonly #channels = new Map<number, Watched>();
  readonly #stops: (() => void)[];

  constructor(socket: OrchestraSocket) {
    this.#socket = socket;
    this.#stops = [
      socket.message.on((message) => this.#receive(message)),
      socket.frame.on((frame) => this.#frame(frame)),
      socket.opened.on(() => this.#resubscribe()),
      socket.status.on(({ phase }) => phase !== 'live' && this.#offline()),
    ];
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
    for (const sessionId of [...this.#watched.keys()]) this.#stop(sessionId);
  }

  /** Shows a terminal to one more viewer; the answer ends that. */
  attach(sessionId: string, viewer: TerminalViewer): () => void {
    const watched = this.#watched.get(sessionId) ?? this.#watch(sessionId);
    watched.viewers.add(viewer);
    // A live viewer always needs a snapshot of its own; a sampled one takes the last whole frame.
    if (viewer.mode === 'live' || watched.viewers.size === 1) this.#subscribe(sessionId, watched);
    else if (watched.mode === 'live') viewer.paused?.();
    else if (watched.lastSample) viewer.sample?.(watched.lastSample);
    return () => this.#detach(sessionId, viewer);
  }

  send(message: ClientMessage): boolean {
    return this.#socket.send(message);
  }

  #watch(sessionId: string): Watched {
    const watched: Watched = { viewers: new Set(), mode: 'sampled', channel: null, lastSample: null };
    this.#watched.set(sessionId, watched);
    return watched;
  }

  #detach(sessionId: string, viewer: TerminalViewer): void {
    const watched = this.#watched.get(sessionId);
    if (!watched?.viewers.delete(viewer)) return;
    if (watched.viewers.size === 0) this.#stop(sessionId);
    else if (watched.mode === 'live' && !hasLive(watched)) this.#subscribe(sessionId, watched);
  }

  #stop(sessionId: string): void {
    const watched = this.#watched.get(sessionId);
    if (!watched) return;
    this.#watched.delete(sessionId);
    if (watched.channel !== null) this.#channels.delete(watched.channel);
    this.#socket.send({ type: 'unsubscribe_terminal', session_id: sessionId });
  }

  #subscribe(sessionId: string, watched: Watched): void {
    if (watched.channel !== null) {
      this.#channels.delete(watched.channel);
      watched.channel = null;
      this.#socket.send({ type: 'unsubscribe_terminal', session_id: sessionId });
    }
    watched.mode = hasLive(watched) ? 'live' : 'sampled';
    if (watched.mode === 'sampled') {
      this.#socket.send({ type: 'subscribe_terminal', session_id: sessionId });
      return;
    }
    for (const viewer of watched.viewers) if (viewer.mode === 'sampled') viewer.paused?.();
    const [live] = [...watched.viewers].filter((viewer) => viewer.mode === 'live');
    this.#socket.send({
      type: 'subscribe_terminal',
      session_id: sessionId,
      mode: 'live',
      encoding: 'binary',
      ...live?.position?.(),
    });
  }

  #resubscribe(): void {
    for (const [sessionId, watched] of this.#watched) {
      watched.channel = null;
      this.#subscribe(sessionId, watched);
    }
  }

  #offline(): void {
    this.#channels.clear();
    for (const watched of this.#watched.values()) {
      watched.channel = null;
      for (const viewer of watched.viewers) viewer.offline?.();
    }
  }

  #frame(frame: Frame): void {
    for (const viewer of this.#channels.get(frame.channel)?.viewers ?? []) viewer.frame?.(frame);
  }

  #receive(message: ServerMessage): void {
    if (!('session_id' in message) || !message.session_id) return;
    const watched = this.#watched.get(message.session_id);
    if (!watched) return;
    if (message.type === 'subscribed') {
      watched.channel = message.channel;
      this.#channels.set(message.channel, watched);
    }
    if (message.type === 'terminal_output') watched.lastSample = message;
    for (const viewer of watched.viewers) deliver(viewer, message);
  }
}

function hasLive(watched: Watched): boolean {
  for (const viewer of watched.viewers) if (viewer.mode === 'live') return true;
  return false;
}

function deliver(viewer: TerminalViewer, message: ServerMessage): void {
  switch (message.type) {
    case 'subscribed':
      viewer.subscribed?.(message);
      break;
    case 'terminal_output':
      viewer.sample?.(message);
      break;
    case 'seat':
      viewer.seat?.(message);
      break;
    case 'terminal_history':
      viewer.history?.(message);
      break;
    case 'screen_hash':
      viewer.screenHash?.(message);
      break;
    case 'error':
      viewer.refused?.(message);
      break;
    default:
  }
}
