// The real daemon with shell agents that play what they are told.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client } from './viewer.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const binary = process.env.ORCHESTRA_BIN ?? join(root, 'target/debug/orchestra');
const player = fileURLToPath(new URL('player.mjs', import.meta.url));

export class Stage {
  errors = [];
  #players = new Map();
  #waiting = new Map();

  static async open() {
    const stage = new Stage();
    stage.dir = mkdtempSync('/tmp/orcx');
    const home = join(stage.dir, 'home');
    mkdirSync(home);
    writeFileSync(join(home, '.bashrc'), '');
    stage.env = { PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8', SHELL: '/bin/bash', USER: 'tester' };
    writeFileSync(join(stage.dir, 'config.toml'), '[limits]\nnew_agents_per_hour = 1000\n');
    stage.common = ['--data-dir', join(stage.dir, 'data')];
    const log = openSync(join(stage.dir, 'daemon.log'), 'a');
    const config = ['--config', join(stage.dir, 'config.toml')];
    const args = ['up', '--json', '--no-open', '--listen', '127.0.0.1:0', ...stage.common, ...config];
    stage.daemon = spawn(binary, args, { cwd: home, env: stage.env, stdio: ['ignore', 'pipe', log] });
    stage.daemon.once('exit', (code) => {
      if (!stage.url) throw new Error(`the daemon ended with ${code}; see ${stage.dir}/daemon.log`);
    });
    const [line] = await once(createInterface(stage.daemon.stdout), 'line');
    stage.url = JSON.parse(line).url;
    const made = spawnSync(binary, ['token', '--role', 'developer', '--ttl', '1h', ...stage.common], {
      encoding: 'utf8',
      env: stage.env,
    });
    if (made.status !== 0) throw new Error(`no token: ${made.stderr}`);
    stage.token = made.stdout.trim();
    stage.tmux = join(stage.dir, 'data/run/tmux.sock');
    stage.server = createServer((socket) => stage.#player(socket)).listen(join(stage.dir, 'players'));
    return stage;
  }

  #player(socket) {
    const lines = createInterface({ input: socket });
    lines.once('line', (name) => {
      lines.on('line', () => this.#waiting.get(name)?.shift()?.());
      this.#waiting.set(name, []);
      this.#players.set(name, socket);
    });
  }

  client() {
    return Client.open(this.url, this.token, this.errors);
  }

  async call(path, body) {
    const answer = await fetch(new URL(path, this.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? null : answer.json();
  }

  /** A shell agent in which a player runs. */
  async agent(size) {
    const made = await this.call('/api/agents', { kind: 'shell', size });
    const command = `exec node ${player} ${join(this.dir, 'players')} ${made.id}\r`;
    await this.call(`/api/agents/${made.id}/input`, { text: command });
    await until(() => this.#players.has(made.id), 'a player starts');
    const list = ['-S', this.tmux, 'list-panes', '-a', '-F', '#{session_name} #{pane_id}'];
    const panes = spawnSync('tmux', list, { encoding: 'utf8' }).stdout.split('\n');
    const pane = panes.find((line) => line.startsWith(`${made.session_id} `)).split(' ')[1];
    return { id: made.id, session: made.session_id, pane };
  }

  /** Writes bytes in the agent's terminal; done when the terminal has taken them. */
  play(agent, bytes) {
    return new Promise((done) => {
      this.#waiting.get(agent.id).push(done);
      this.#players.get(agent.id).write(`${Buffer.from(bytes).toString('base64')}\n`);
    });
  }

  async close() {
    this.server.close();
    for (const socket of this.#players.values()) socket.destroy();
    const over = once(this.daemon, 'exit');
    this.daemon.kill('SIGTERM');
    await over;
    const tmux = (...args) => spawnSync('tmux', ['-S', this.tmux, ...args], { encoding: 'utf8' });
    const pids = tmux('list-panes', '-a', '-F', '#{pane_pid}').stdout.split('\n').filter(Boolean);
    tmux('kill-server');
    for (const pid of pids) spawnSync('kill', ['-KILL', pid]);
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
  }
}

/** Waits for a condition, with a deadline; false when that is over and `what` is not given. */
export async function until(condition, what, ms = 20_000) {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) {
      if (what) throw new Error(`it never came: ${what}`);
      return false;
    }
    await new Promise((done) => setTimeout(done, 15));
  }
  return true;
}
