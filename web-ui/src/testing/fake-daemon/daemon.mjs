// A daemon that remembers nothing: REST and WebSocket over one port, for development and the gallery.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { WebSocketServer } from 'ws';
import * as admin from './admin.mjs';
import * as asked from './approvals.mjs';
import * as clock from './clock.mjs';
import { paged } from './paging.mjs';
import * as push from './push.mjs';
import * as disk from './sessions.mjs';
import { Connection, converse } from './sockets.mjs';
import * as talk from './talk.mjs';
import * as trees from './worktrees.mjs';
import * as world from './world.mjs';

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data: blob:; font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types orchestra";

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};

const ALL =
  'agents:read agents:read_all agents:spawn agents:kill agents:kill_all terminal:type tasks:delegate approvals:decide transcripts:read audit:read users:manage settings:manage metrics:read'.split(
    ' ',
  );

export class FakeDaemon {
  constructor({ scenario = 'busy', dist = null } = {}) {
    this.dist = dist;
    this.connections = new Set();
    this.feed = [];
    this.down = false;
    this.load(scenario);
  }

  /** Begins a scenario anew. */
  load(scenario) {
    this.scenario = scenario;
    const base = scenario === 'viewer' || scenario === 'error' ? 'busy' : scenario;
    this.agents = world.agents(base);
    this.tasks = world.tasks(base);
    this.messages = talk.messages(base);
    this.approvals = asked.approvals(base);
    this.rules = asked.rules(base);
    this.kinds = world.kinds(base);
    this.sessions = disk.sessions(base);
    this.told = push.told(base);
    this.deliveries = push.deliveries(base);
    this.files = [];
    this.worktrees = trees.worktrees(base);
    this.posted = [];
    this.event = 100 + this.feed.length;
  }

  listen(port) {
    this.server = createServer((request, response) => this.handle(request, response));
    this.sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'orchestra.v1' });
    this.server.on('upgrade', (request, socket, head) => {
      if (this.down) return socket.destroy();
      this.sockets.handleUpgrade(request, socket, head, (ws) =>
        this.connections.add(new Connection(this, ws)),
      );
    });
    return new Promise((resolve) =>
      this.server.listen(port, '127.0.0.1', () => resolve(this.server.address().port)),
    );
  }

  close() {
    for (const { socket } of this.connections) socket.terminate();
    this.server.close();
  }

  /** Drops every socket and refuses new ones until `up`. */
  goDown(code = 1012) {
    this.down = true;
    for (const { socket } of this.connections) socket.close(code);
  }

  up() {
    this.down = false;
  }

  agentOf(sessionId) {
    return this.agents.find((agent) => agent.session_id === sessionId);
  }

  emit(message) {
    this.event += 1;
    const numbered = { ...message, event: this.event };
    this.feed.push(numbered);
    for (const connection of this.connections) connection.send(numbered);
  }

  replay(connection, after) {
    for (const message of this.feed) if (message.event > after) connection.send(message);
  }

  changed(agent) {
    this.emit({ type: 'agent_update', agent });
  }

  say(text, sessionId, clientId) {
    void converse(this, text, sessionId, clientId);
  }

  decide(ids, decision) {
    for (const task of this.tasks.filter((each) => ids.includes(each.id))) {
      const yes = decision === 'approve';
      Object.assign(
        task,
        yes
          ? { status: 'assigned', reason: null }
          : { status: 'cancelled', reason: 'rejected by Owner', ended_at: new Date().toISOString() },
      );
      this.update(task);
    }
  }

  update(task) {
    const { id, status, elapsed_ms, title } = task;
    this.emit({
      type: 'task_update',
      task_id: id,
      agent: task.specialist ?? task.kind,
      status,
      elapsed_ms,
      title,
      ...(task.agent_id ? { agent_id: task.agent_id } : {}),
      ...(task.reason ? { reason: task.reason } : {}),
    });
  }

  async handle(request, response) {
    const url = new URL(request.url, 'http://fake');
    const json = (status, body, type = 'application/json') => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(body === undefined ? '' : JSON.stringify(body));
    };
    const problem = (status, title, detail, code = 'fake', more = {}) =>
      json(
        status,
        { type: `urn:orchestra:${code}`, title, status, detail, ...more },
        'application/problem+json',
      );
    if (!url.pathname.startsWith('/api/')) return this.asset(url.pathname, response);
    if (this.down) return request.socket.destroy();
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const isJson = request.headers['content-type'] === 'application/json';
    const answer = this.route(request.method, url, isJson && bytes.length > 0 ? JSON.parse(bytes) : bytes);
    if (!answer) return problem(404, 'Not found', 'There is no such thing here.');
    if (answer.text !== undefined) {
      response.writeHead(200, { 'content-type': 'text/markdown; charset=utf-8' });
      return response.end(answer.text);
    }
    if (answer.problem)
      return problem(answer.status, answer.problem, answer.detail, answer.code, answer.more);
    return json(answer.status ?? 200, answer.body);
  }

  route(method, { pathname, searchParams }, body) {
    const at = `${method} ${pathname}`;
    const soon = new Date(Date.now() + 600_000).toISOString();
    const page = (items) => ({ body: { items, next_cursor: null } });
    const token = { body: { access_token: 'fake', expires_at: soon, device_id: 'd-1' } };
    if (at === 'GET /api/client-config') {
      return {
        body: {
          login: 'local',
          issuer: null,
          client_id: null,
          audience: null,
          cli_client_id: null,
          cli_port: null,
          accounts: false,
          version: '0.1.0',
        },
      };
    }
    if (at === 'POST /api/auth/exchange') {
      return body.secret === 'used'
        ? {
            status: 401,
            problem: 'Link used',
            detail: 'This login link was used before or is older than five minutes.',
          }
        : token;
    }
    if (at === 'POST /api/auth/challenge') return { body: { challenge: 'sign-this', expires_at: soon } };
    if (at === 'POST /api/auth/renew') return token;
    if (at === 'POST /api/auth/logout') return { status: 204 };
    if (at === 'POST /api/ws-tickets') return { status: 201, body: { ticket: 'fake', expires_at: soon } };
    if (at === 'GET /api/me') return { body: this.me() };
    if (at === 'GET /api/agent-kinds') return page(this.kinds);
    if (at === 'GET /api/auth/devices') return page(devices());
    if (this.scenario === 'error' && method === 'GET') {
      return {
        status: 503,
        problem: 'Store is full',
        detail: 'The data folder has no room left. Free some space where the daemon runs, then try again.',
      };
    }
    if (method === 'GET' && pathname.startsWith('/api/transcripts')) {
      return disk.answer(this, pathname, searchParams);
    }
    if (at === 'GET /api/agents') return page(this.agents);
    if (at === 'GET /api/approvals') {
      const state = searchParams.get('state');
      return page(this.approvals.filter((one) => !state || one.state === state));
    }
    if (at === 'GET /api/approval-rules') return page(this.rules);
    if (at === 'GET /api/tasks')
      return paged(
        this.tasks.toSorted((a, b) => b.id - a.id),
        searchParams,
      );
    if (at === 'POST /api/agents') return this.spawn(body);
    if (at === 'POST /api/plans/decide') return { body: this.decide(body.task_ids, body.decision) ?? {} };
    const known = push.answer(this, at, body) ?? admin.answer(at, searchParams);
    if (known) return known;
    if (pathname.startsWith('/api/worktrees')) return trees.answer(this, at, searchParams, body);
    if (pathname.endsWith('/files')) return this.take(searchParams.get('name'), body);
    return this.object(method, pathname.split('/').slice(2), body);
  }

  object(method, [kind, id, part], body) {
    if (kind === 'approvals') {
      const one = this.approvals.find((each) => each.id === id);
      if (!one) return null;
      return part ? asked.answer(this, one, part, body) : { body: one };
    }
    if (kind === 'approval-rules') {
      this.rules = this.rules.filter((each) => each.id !== id);
      return { status: 204 };
    }
    if (kind === 'tasks') {
      const task = this.tasks.find((each) => each.id === Number(id));
      if (!task) return null;
      if (part === 'cancel') {
        Object.assign(task, {
          status: 'cancelled',
          reason: 'cancelled by Owner',
          ended_at: new Date().toISOString(),
        });
        this.update(task);
      }
      if (part === 'retry') {
        Object.assign(task, { status: 'assigned', reason: null, error: null, ended_at: null, result: null });
        this.update(task);
      }
      return { body: task };
    }
    if (kind === 'transcripts' && part === 'resume') {
      const found = this.sessions.find((each) => each.id === id);
      return found ? this.spawn({ kind: found.kind, title: found.title }) : null;
    }
    const agent = this.agents.find((each) => each.id === id);
    if (kind !== 'agents' || !agent) return null;
    if (part === 'explain') return { body: explanation(agent) };
    if (part === 'messages' && method === 'GET') {
      const items = this.messages.filter((each) => each.agent_id === id).reverse();
      return { body: { items, next_cursor: null } };
    }
    if (part === 'messages') {
      this.posted.push(body);
      this.say(body.text, agent.session_id, body.client_id);
      return { status: 202, body: { ...this.messages.at(-1) } };
    }
    if (part === 'kill') {
      Object.assign(agent, {
        status: 'killed',
        ended_at: new Date().toISOString(),
        reason: body.reason ?? null,
        pid: null,
      });
      this.changed(agent);
      return { status: 202, body: agent };
    }
    if (part === 'recording')
      return { status: 409, problem: 'Not recorded', detail: 'Nothing was recorded.' };
    if (part === 'interrupt') return { status: 202, body: agent };
    if (part === 'retry') return this.spawn({ kind: agent.kind, title: agent.title });
    return { body: agent };
  }

  take(name, bytes) {
    const safe = name.replace(/[^\p{L}\p{N}._-]+/gu, '-');
    this.files.push({ name: safe, bytes });
    return { status: 201, body: { name: safe, path: `.orchestra/files/${safe}`, bytes: bytes.length } };
  }

  spawn({ kind, specialist, title = '' }) {
    const id = `${specialist ?? kind}-${String(this.agents.length + 20).padStart(3, '0')}`;
    const made = world.agent(
      { id, kind: kind ?? 'claude', specialist: specialist ?? null, title, parent: null },
      { since: new Date().toISOString() },
    );
    this.agents.push(made);
    this.changed(made);
    return { status: 201, body: made };
  }

  me() {
    const viewer = this.scenario === 'viewer';
    return {
      principal: { id: clock.ME.id, name: clock.ME.name, issuer: 'local', subject: 'ada', agent_id: null },
      roles: [viewer ? 'viewer' : 'admin'],
      permissions: viewer ? ['agents:read'] : ALL,
      primary_session_id: 'sess-primary',
      agents_masked: false,
      expires_at: null,
    };
  }

  asset(pathname, response) {
    if (!this.dist) return response.writeHead(404).end();
    const path = join(this.dist, normalize(pathname));
    const file = existsSync(path) && statSync(path).isFile() ? path : join(this.dist, 'index.html');
    response.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': CSP,
    });
    createReadStream(file).pipe(response);
  }
}

function devices() {
  const ago = (ms) => new Date(Date.now() - ms).toISOString();
  const later = new Date(Date.now() + 7 * 86_400_000).toISOString();
  return [
    {
      id: 'd-1',
      label: 'Chrome on Linux',
      created_at: ago(86_400_000),
      last_used_at: ago(20_000),
      expires_at: later,
      current: true,
    },
    {
      id: 'd-2',
      label: 'Safari on iOS',
      created_at: ago(3 * 86_400_000),
      last_used_at: ago(5_400_000),
      expires_at: later,
      current: false,
    },
  ];
}

function explanation(agent) {
  const heard = { at: agent.activity.since, since: agent.activity.since, age_ms: 1200, counted: true };
  const won = {
    source: agent.activity.source,
    state: agent.activity.state,
    waiting_for: agent.activity.waiting_for,
    ...heard,
    confidence: agent.activity.confidence,
    won: true,
    detail: 'Notification: needs your permission to use Bash',
  };
  return {
    agent_id: agent.id,
    activity: agent.activity,
    signals: [
      won,
      {
        source: 'transcript',
        state: 'busy',
        waiting_for: null,
        ...heard,
        confidence: 0.7,
        won: false,
        detail: 'the last record is a tool use without a result',
      },
      {
        source: 'process',
        state: 'idle',
        waiting_for: null,
        ...heard,
        counted: false,
        confidence: 0.3,
        won: false,
        detail: 'no child runs',
      },
    ],
    silent: ['marker', 'status_file', 'title', 'screen'],
  };
}
