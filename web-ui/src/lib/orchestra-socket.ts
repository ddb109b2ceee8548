/** The one WebSocket of a tab: tickets, reconnect, resume of the feed, heartbeat. */
import type { ClientMessage, ServerMessage } from '@/protocol/types';
import { backoffMs, restartMs } from './backoff';
import { Emitter } from './emitter';
import { decodeFrame, type Frame } from './frame';
import { ApiError } from './http';

export type SocketPhase = 'connecting' | 'live' | 'waiting' | 'logged_out' | 'closed';

export interface SocketStatus {
  phase: SocketPhase;
  /** When this phase began, in milliseconds. */
  since: number;
  /** When the daemon last said anything. */
  heardAt: number | null;
  rttMs: number | null;
  /** When the next try is due, while waiting. */
  retryAt: number | null;
}

export type Hello = Extract<ServerMessage, { type: 'hello' }>;

/** What a connection means for data that was read before it. */
export interface Opened {
  hello: Hello;
  /** True when lists have to be read again: the first connection, or a feed that began anew. */
  refetch: boolean;
  reconnected: boolean;
}

export interface SocketDeps {
  url: string;
  ticket(): Promise<string>;
  /** Renews the login; false when the person must log in again. */
  relogin(): Promise<boolean>;
  WebSocket?: typeof WebSocket;
  random?: () => number;
}

const HEARTBEAT_MS = 12_000;
const ANSWER_MS = 8_000;
const WAKE_ANSWER_MS = 2_500;
const RESTART_CODE = 1012;
const UNAUTHENTICATED_CODE = 4401;

export class OrchestraSocket {
  readonly message = new Emitter<ServerMessage>();
  readonly frame = new Emitter<Frame>();
  readonly opened = new Emitter<Opened>();
  readonly status = new Emitter<SocketStatus>();

  readonly #deps: SocketDeps;
  #socket: WebSocket | null = null;
  #state: SocketStatus = { phase: 'closed', since: 0, heardAt: null, rttMs: null, retryAt: null };
  #lastEvent: number | null = null;
  #attempt = 0;
  #generation = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #beat: ReturnType<typeof setInterval> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #pingedAt: number | null = null;

  constructor(deps: SocketDeps) {
    this.#deps = deps;
  }

  get current(): SocketStatus {
    return this.#state;
  }

  /** The newest number of the feed that this page has seen. */
  get lastEvent(): number | null {
    return this.#lastEvent;
  }

  start(): void {
    if (this.#state.phase !== 'closed' && this.#state.phase !== 'logged_out') return;
    this.#attempt = 0;
    void this.#connect();
  }

  dispose(): void {
    this.#drop();
    this.#set({ phase: 'closed', retryAt: null });
  }

  /** Sends now; false when there is no connection, and nothing is kept. */
  send(message: ClientMessage): boolean {
    if (this.#state.phase !== 'live' || this.#socket?.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** After sleep or a change of network: prove the connection, or make a new one at once. */
  wake(): void {
    if (this.#state.phase === 'live') this.#ping(WAKE_ANSWER_MS);
    else if (this.#state.phase === 'waiting') {
      this.#attempt = 0;
      void this.#connect();
    }
  }

  async #connect(): Promise<void> {
    this.#drop();
    const generation = this.#generation;
    this.#set({ phase: 'connecting', retryAt: null });
    let ticket: string;
    try {
      ticket = await this.#deps.ticket();
    } catch (error) {
      if (generation !== this.#generation) return;
      if (error instanceof ApiError && error.status === 401) return this.#relogin();
      return this.#wait(backoffMs(this.#attempt, this.#deps.random));
    }
    if (generation !== this.#generation) return;
    const Socket = this.#deps.WebSocket ?? WebSocket;
    const socket = new Socket(this.#deps.url, ['orchestra.v1', `orchestra.ticket.${ticket}`]);
    socket.binaryType = 'arraybuffer';
    socket.onmessage = (event) => generation === this.#generation && this.#receive(event.data);
    socket.onclose = (event) => generation === this.#generation && this.#closed(event.code);
    this.#socket = socket;
    // A SYN that nobody answers would hang for minutes.
    this.#deadline = setTimeout(() => this.#closed(1006), ANSWER_MS);
  }

  #receive(data: unknown): void {
    this.#state = { ...this.#state, heardAt: Date.now() };
    if (data instanceof ArrayBuffer) {
      const frame = decodeFrame(data);
      if (frame) this.frame.emit(frame);
      return;
    }
    let message: ServerMessage;
    try {
      message = JSON.parse(String(data)) as ServerMessage;
    } catch {
      return;
    }
    if (message.type === 'hello') return this.#hello(message);
    if (message.type === 'pong') this.#ponged();
    if (message.type === 'auth_expiring') void this.#renew();
    if (message.type === 'resync') this.#lastEvent = message.event;
    else if ('event' in message) this.#lastEvent = Math.max(this.#lastEvent ?? 0, message.event);
    this.message.emit(message);
  }

  #hello(hello: Hello): void {
    clearTimeout(this.#deadline);
    this.#attempt = 0;
    const before = this.#lastEvent;
    const reconnected = before !== null;
    // A feed that went backwards is another one: nothing we know can be carried on.
    const anew = before === null || hello.event < before;
    this.#set({ phase: 'live', retryAt: null });
    if (anew) this.#lastEvent = hello.event;
    else if (hello.event > before) this.send({ type: 'resume', after: before });
    this.#beat = setInterval(() => this.#ping(ANSWER_MS), HEARTBEAT_MS);
    this.#ping(ANSWER_MS);
    this.opened.emit({ hello, refetch: anew, reconnected });
  }

  #closed(code: number): void {
    this.#drop();
    if (code === UNAUTHENTICATED_CODE) return void this.#relogin();
    const restart = code === RESTART_CODE && this.#attempt === 0;
    this.#wait(restart ? restartMs(this.#deps.random) : backoffMs(this.#attempt, this.#deps.random));
  }

  async #relogin(): Promise<void> {
    const generation = this.#generation;
    const again = await this.#deps.relogin().catch(() => true);
    if (generation !== this.#generation) return;
    if (!again) return this.#set({ phase: 'logged_out', retryAt: null });
    this.#wait(backoffMs(this.#attempt, this.#deps.random));
  }

  #wait(ms: number): void {
    this.#attempt += 1;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#connect(), ms);
    this.#set({ phase: 'waiting', retryAt: Date.now() + ms });
  }

  async #renew(): Promise<void> {
    try {
      await this.#deps.relogin();
      this.send({ type: 'renew', ticket: await this.#deps.ticket() });
    } catch {
      // The daemon closes with 4401 at the end of the token, and that path logs in again.
    }
  }

  #ping(answerWithin: number): void {
    if (this.#pingedAt !== null) return;
    this.#pingedAt = Date.now();
    this.send({ type: 'ping', nonce: String(this.#pingedAt) });
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#closed(1006), answerWithin);
  }

  #ponged(): void {
    clearTimeout(this.#deadline);
    if (this.#pingedAt === null) return;
    const rttMs = Date.now() - this.#pingedAt;
    this.#pingedAt = null;
    this.#set({ rttMs });
  }

  #drop(): void {
    this.#generation += 1;
    clearTimeout(this.#retry);
    clearTimeout(this.#deadline);
    clearInterval(this.#beat);
    this.#pingedAt = null;
    const socket = this.#socket;
    this.#socket = null;
    if (socket && socket.readyState < 2) socket.close(1000);
  }

  #set(change: Partial<SocketStatus>): void {
    const moved = change.phase !== undefined && change.phase !== this.#state.phase;
    this.#state = { ...this.#state, ...change, ...(moved ? { since: Date.now() } : {}) };
    this.status.emit(this.#state);
  }
}
