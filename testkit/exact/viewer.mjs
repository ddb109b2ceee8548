// A viewer of live terminals as the page is one: one socket for many agents, an emulator for each, and manners
// that a test chooses.
import { WebSocket } from 'ws';
import { compareScreen, decodeFrame, nextSeq, openTerminal, parsed, TitleFilter } from './emulator.mjs';

const ACK_BYTES = 64 * 1024;

export class Client {
  #socket;
  #channels = new Map();
  #sessions = new Map();

  /** `errors` collects what the daemon refused. */
  static async open(url, token, errors) {
    const client = new Client();
    const socket = new WebSocket(`${url.replace(/^http/, 'ws').replace(/\/$/, '')}/ws`, ['orchestra.v1'], {
      headers: { authorization: `Bearer ${token}` },
    });
    client.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.on('message', (data, binary) => {
      if (binary) {
        const frame = decodeFrame(data);
        client.#channels.get(frame.channel)?.frame(frame);
        return;
      }
      const message = JSON.parse(Buffer.from(data).toString());
      if (message.type === 'error') errors.push(message);
      const viewer = client.#sessions.get(message.session_id);
      if (message.type === 'subscribed') client.#channels.set(message.channel, viewer);
      viewer?.message(message);
    });
    await new Promise((done, fail) => socket.once('open', done).once('error', fail));
    return client;
  }

  send(message) {
    this.#socket.send(JSON.stringify(message));
  }

  watch(sessionId, viewer) {
    this.#sessions.set(sessionId, viewer);
  }

  close() {
    this.#socket.close();
  }
}

export class Viewer {
  /** Snapshots, heals, bytes: what it got since it was made. */
  counts = { snapshots: 0, gaps: 0, heals: 0, healed: 0, resumed: 0, bytes: 0 };
  hash = null;
  next = null;
  joined = false;
  #client;
  #session;
  #manners;
  #filter = new TitleFilter();
  #epoch = null;
  #channel = 0;
  #parsedBytes = 0;
  #parts = [];
  #answered = null;

  constructor(client, session, manners) {
    this.#client = client;
    this.#session = session;
    this.#manners = manners;
    this.terminal = openTerminal({ cols: 80, rows: 24 });
    client.watch(session, this);
  }

  join() {
    this.joined = true;
    const place = this.#epoch !== null && this.next !== null ? { epoch: this.#epoch, from: this.next } : {};
    this.#client.send({
      type: 'subscribe_terminal',
      session_id: this.#session,
      mode: 'live',
      encoding: 'binary',
      ...place,
    });
  }

  drop() {
    this.joined = false;
    this.#channel = 0;
    this.#client.send({ type: 'unsubscribe_terminal', session_id: this.#session });
  }

  /** Everything that came is on the screen, and the daemon says that this is all. */
  async settled({ cols, rows }) {
    await parsed(this.terminal);
    const sized = this.terminal.cols === cols && this.terminal.rows === rows;
    return this.joined && sized && this.hash !== null && this.hash === this.next;
  }

  message(message) {
    if (message.type === 'subscribed') {
      const joins = message.epoch === this.#epoch;
      if (joins) this.counts.resumed += 1;
      else {
        this.next = null;
        this.#filter.reset();
      }
      Object.assign(this, { hash: null });
      this.#channel = message.channel;
      this.#epoch = message.epoch;
      this.#parsedBytes = 0;
      this.#parts = [];
      this.terminal.resize(message.cols, message.rows);
    } else if (message.type === 'seat') {
      const { cols, rows } = this.terminal;
      if (cols !== message.cols || rows !== message.rows) this.hash = null;
      this.terminal.resize(message.cols, message.rows);
    }
    if (message.type === 'screen_hash' && message.channel === this.#channel) this.#hashed(message);
  }

  #hashed(message) {
    const place = () => ({ channel: this.#channel, next: this.next });
    const done = () => {
      this.hash = message.seq;
    };
    if (!this.#manners.heals) return done();
    let answered = false;
    compareScreen(this.terminal, message, place, (answer) => {
      answered = true;
      this.#answered = message.seq;
      this.counts.heals += 1;
      this.#client.send(answer);
    });
    this.terminal.write('', () => !answered && done());
  }

  frame(frame) {
    if (frame.channel !== this.#channel) return;
    this.counts.bytes += frame.payload.length;
    if (frame.kind === 'gap') this.counts.gaps += 1;
    else if (frame.kind === 'snapshot_part') this.#parts.push(frame.payload);
    else if (frame.kind === 'snapshot') {
      this.#filter.reset();
      this.counts.snapshots += 1;
      for (const part of [...this.#parts.splice(0), frame.payload]) this.#write(part, part.length);
      this.next = frame.seq;
      // A mismatch that rows cannot mend is answered with a screen.
      this.hash = this.#answered === frame.seq ? frame.seq : null;
      this.#answered = null;
    } else if (frame.kind === 'heal') {
      this.counts.healed += 1;
      this.#write(frame.payload, frame.payload.length, () => {
        this.hash = frame.seq;
      });
    } else {
      const known = this.next ?? frame.seq;
      const fresh = frame.payload.subarray(Math.min(Math.max(0, known - frame.seq), frame.payload.length));
      this.next = Math.max(known, nextSeq(frame));
      this.#write(this.#filter.filter(fresh), frame.payload.length);
    }
  }

  #write(bytes, counted, then) {
    const channel = this.#channel;
    this.terminal.write(bytes, () => {
      then?.();
      if (channel !== this.#channel) return;
      this.#parsedBytes += counted;
      const [from, now] = [this.#parsedBytes - counted, this.#parsedBytes];
      if (Math.floor(from / ACK_BYTES) === Math.floor(now / ACK_BYTES)) return;
      const ack = () => {
        if (channel === this.#channel) this.#client.send({ type: 'ack', channel, bytes: now });
      };
      if (this.#manners.slow) setTimeout(ack, 120);
      else ack();
    });
  }
}
