// The fake daemon's WebSocket: the feed, sampled and live terminals, seats, chat with an answer.
import { frame, screen } from './screens.mjs';
import { message as makeMessage } from './talk.mjs';
import { agent as makeAgent } from './world.mjs';

const SAMPLE_MS = 500;

/** One 13-byte head and its payload, as `docs/PROTOCOL.md` lays it out. */
function binary(kind, channel, seq, payload) {
  const head = Buffer.alloc(13);
  head.writeUInt8(kind, 0);
  head.writeUInt32BE(channel, 1);
  head.writeBigUInt64BE(BigInt(seq), 5);
  return Buffer.concat([head, Buffer.from(payload)]);
}

export class Connection {
  constructor(daemon, socket) {
    this.daemon = daemon;
    this.socket = socket;
    this.watched = new Map();
    this.channels = 0;
    this.acked = new Map();
    this.tick = 0;
    this.timer = setInterval(() => this.beat(), SAMPLE_MS);
    socket.on('message', (data) => this.receive(JSON.parse(String(data))));
    socket.on('close', () => {
      clearInterval(this.timer);
      daemon.connections.delete(this);
    });
    this.send({
      type: 'hello',
      version: '0.1.0-fake',
      rights: 'full',
      event: daemon.event,
      primary_session_id: 'sess-primary',
    });
  }

  send(message) {
    this.socket.send(JSON.stringify(message));
  }

  beat() {
    this.tick += 1;
    for (const [sessionId, watch] of this.watched) {
      const agent = this.daemon.agentOf(sessionId);
      if (!agent) continue;
      const data = frame(agent, this.tick);
      if (data === watch.last) continue;
      watch.last = data;
      if (watch.mode === 'sampled') this.sample(agent, data);
      else this.output(watch, data);
    }
  }

  sample(agent, data) {
    const { cols, rows } = agent.size;
    this.send({
      type: 'terminal_output',
      session_id: agent.session_id,
      data,
      timestamp: Date.now(),
      cols,
      rows,
    });
  }

  output(watch, text) {
    const payload = Buffer.from(text);
    this.socket.send(binary(1, watch.channel, watch.seq, payload));
    watch.seq += payload.length;
  }

  refuse(about, status, detail, sessionId) {
    this.send({
      type: 'error',
      code: 'urn:orchestra:refused',
      title: 'Refused',
      status,
      detail,
      about,
      session_id: sessionId,
    });
  }

  receive(message) {
    const agent = message.session_id ? this.daemon.agentOf(message.session_id) : null;
    switch (message.type) {
      case 'ack':
        this.acked.set(message.channel, message.bytes);
        return;
      case 'ping':
        return this.send({ type: 'pong', nonce: message.nonce });
      case 'presence':
        this.looking = message.looking;
        return;
      case 'resume':
        return this.daemon.replay(this, message.after);
      case 'user_message':
        return this.daemon.say(message.content, message.session_id ?? 'sess-primary', message.client_id);
      case 'action':
        return this.daemon.decide(message.task_ids, message.decision);
      case 'unsubscribe_terminal':
        this.watched.delete(message.session_id);
        return;
      default:
    }
    if (!agent) return this.refuse(message.type, 404, 'There is no such agent.', message.session_id);
    if (message.type === 'subscribe_terminal') return this.subscribe(agent, message);
    if (message.type === 'terminal_history') return this.history(agent, message);
    return this.seat(agent, message);
  }

  subscribe(agent, { mode = 'sampled', encoding = 'json' }) {
    this.channels += 1;
    const watch = { mode, channel: this.channels, seq: 1000, last: '', agent };
    this.watched.set(agent.session_id, watch);
    this.send({
      type: 'subscribed',
      session_id: agent.session_id,
      channel: watch.channel,
      mode,
      encoding,
      epoch: 'fake',
      seq: watch.seq,
      cols: agent.size.cols,
      rows: agent.size.rows,
      title: agent.title,
      mine: false,
    });
    watch.last = frame(agent, this.tick);
    if (mode === 'sampled') this.sample(agent, watch.last);
    else this.socket.send(binary(3, watch.channel, watch.seq, `\x1bc${watch.last}`));
  }

  history(agent, { before, lines = 100 }) {
    const total = 1400;
    const end = Math.min(before ?? total, total);
    const start = Math.max(0, end - lines);
    const rows = Array.from({ length: end - start }, (_, i) => {
      const n = start + i;
      return n % 9 === 0
        ? `\x1b[32m⏺\x1b[39m \x1b[1mBash\x1b[22m(cargo check -p daemon) \x1b[2m# row ${n}\x1b[22m`
        : `  ${n % 9 === 1 ? '⎿' : ' '}  row ${n} of what scrolled off the screen`;
    });
    this.send({ type: 'terminal_history', session_id: agent.session_id, start, rows, total });
  }

  seat(agent, message) {
    const watch = this.watched.get(agent.session_id);
    if (!watch) return;
    const say = (mine) =>
      this.send({
        type: 'seat',
        session_id: agent.session_id,
        ...(mine ? { holder: { name: 'Owner', via: 'web' } } : {}),
        mine,
        cols: agent.size.cols,
        rows: agent.size.rows,
      });
    if (message.type === 'take_seat') {
      watch.mine = true;
      return say(true);
    }
    if (message.type === 'release_seat') {
      watch.mine = false;
      return say(false);
    }
    if (!watch.mine) return this.refuse(message.type, 409, 'Take the keyboard first.', agent.session_id);
    if (message.type === 'terminal_resize') {
      agent.size = { cols: message.cols, rows: message.rows };
      say(true);
      watch.last = frame(agent, this.tick);
      this.socket.send(binary(3, watch.channel, watch.seq, `\x1bc${watch.last}`));
      return this.daemon.changed(agent);
    }
    if (message.type === 'terminal_input' || message.type === 'terminal_paste') {
      const row = screen(agent, this.tick).length + 1;
      agent.typed = `${agent.typed ?? ''}${message.data.replaceAll('\r', '⏎')}`.slice(-80);
      this.output(watch, `\x1b[${Math.min(row, agent.size.rows)};1H${agent.typed}`);
    }
  }
}

/** What the fake primary does with a message: takes it step by step, then answers. */
export async function converse(daemon, text, sessionId, clientId) {
  const agentId = sessionId.replace(/^sess-/, '');
  if (daemon.messages.some((each) => each.client_id === clientId)) return;
  let agent = daemon.agentOf(sessionId);
  if (!agent) {
    agent = makeAgent({ id: agentId, role: 'primary', parent: null, status: 'starting', title: '' });
    daemon.agents.push(agent);
    daemon.changed(agent);
  }
  const said = makeMessage({
    id: `m-${Date.now()}`,
    agent_id: agentId,
    text,
    status: 'queued',
    evidence: null,
  });
  said.client_id = clientId;
  daemon.messages.push(said);
  const step = (status, evidence = null) => {
    Object.assign(said, { status, evidence, reason: null, updated_at: new Date().toISOString() });
    daemon.emit({ type: 'receipt', message: said });
  };
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  step('queued');
  for (const [status, ms] of [
    ['pasted', 250],
    ['submitted', 150],
  ]) {
    await pause(ms);
    step(status);
  }
  await pause(200);
  step('accepted', 'hook');
  const since = () => new Date().toISOString();
  Object.assign(agent, { status: 'running', activity: { ...agent.activity, state: 'busy', since: since() } });
  daemon.changed(agent);
  await pause(1200);
  Object.assign(agent, { activity: { ...agent.activity, state: 'idle', since: since() } });
  daemon.changed(agent);
  step('answered', 'hook');
  const answer = makeMessage({
    id: `a-${Date.now()}`,
    agent_id: agentId,
    author: 'assistant',
    sender: agentId,
    text: `You said: **${text}**`,
  });
  daemon.messages.push(answer);
  daemon.emit({
    type: 'claude_response',
    content: answer.text,
    actions: [],
    session_id: sessionId,
    message_id: answer.id,
  });
}
