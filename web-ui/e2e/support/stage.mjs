// The real daemon on the real CLIs and the scripted model, in a throw-away HOME.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { makeHome } from '../../../testkit/home/make-home.mjs';
import { startModel } from '../../../testkit/model/server.mjs';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const binary = process.env.ORCHESTRA_BIN ?? join(root, 'target/debug/orchestra');

const CONFIG = `
[[specialists]]
name = "droid"
kind = "claude"
labels = ["backend"]
instructions = "You write files."
permissions = "full"
`;

/** Sets everything up; `clis: false` leaves the machine without any agent CLI, `model: false` without a model. */
export async function setStage({ clis = true, model: scripted = true, script: name = 'main-job' } = {}) {
  const dir = mkdtempSync('/tmp/orc');
  const project = join(dir, 'home/project');
  mkdirSync(project, { recursive: true });
  run('git', ['init', '-q'], { cwd: project });
  const script = JSON.parse(readFileSync(join(root, `testkit/scripts/${name}.json`), 'utf8'));
  const none = { url: 'http://127.0.0.1:9', close: async () => undefined };
  const model = scripted ? await startModel({ script }) : none;
  const path = `${clis ? `${cliPath()}:` : ''}/usr/local/bin:/usr/bin:/bin`;
  const { env } = makeHome({ dir: join(dir, 'home'), model: model.url, trust: [project], path });
  writeFileSync(join(dir, 'config.toml'), CONFIG);
  return new Stage({ dir, project, model, env: { ...env, USER: 'tester' } });
}

class Stage {
  constructor(parts) {
    Object.assign(this, parts);
    this.binary = binary;
    this.data = join(this.dir, 'data');
  }

  /** Starts the daemon; on the port it had before, so that an open page finds it again. */
  async start() {
    const args = ['up', '--json', '--no-open', '--listen', `127.0.0.1:${this.port ?? 0}`];
    args.push('--data-dir', this.data, '--config', join(this.dir, 'config.toml'));
    const log = openSync(join(this.dir, 'daemon.log'), 'a');
    this.daemon = spawn(binary, args, { cwd: this.project, env: this.env, stdio: ['ignore', 'pipe', log] });
    const [line] = await once(createInterface(this.daemon.stdout), 'line');
    const ready = JSON.parse(line);
    this.port = new URL(ready.url).port;
    this.url = ready.url;
    this.loginUrl = ready.login_url;
  }

  /** Ends the daemon as a crash would. */
  async kill() {
    this.daemon.kill('SIGKILL');
    await once(this.daemon, 'exit');
  }

  /** Another login link, for another browser. */
  link() {
    const made = run(binary, ['web', '--json', '--data-dir', this.data], { env: this.env });
    return JSON.parse(made).login_url;
  }

  /** A token of the owner, as scripts have one. */
  token() {
    const args = ['token', '--role', 'admin', '--ttl', '30m', '--data-dir', this.data];
    return run(binary, args, { env: this.env }).trim();
  }

  /** Adds to what the daemon is told at its next start. */
  configure(text) {
    appendFileSync(join(this.dir, 'config.toml'), text);
  }

  read(file) {
    return readFileSync(join(this.project, file), 'utf8').trim();
  }

  async end() {
    if (this.daemon && this.daemon.exitCode === null && !this.daemon.killed) {
      this.daemon.kill('SIGTERM');
      await once(this.daemon, 'exit');
    }
    // Agents outlive the daemon by design; a test's must not outlive the test.
    const run = join(this.data, 'run');
    const sockets = existsSync(run) ? readdirSync(run).filter((name) => /^tmux.*\.sock$/.test(name)) : [];
    for (const socket of sockets) {
      const tmux = (...args) => spawnSync('tmux', ['-S', join(run, socket), ...args], { encoding: 'utf8' });
      const pids = tmux('list-panes', '-a', '-F', '#{pane_pid}').stdout.split('\n').filter(Boolean);
      tmux('kill-server');
      for (const pid of pids) spawnSync('kill', ['-KILL', pid]);
    }
    await this.model.close();
    // A CLI on its way out may still write.
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
  }
}

function cliPath() {
  const lines = run('bash', [join(root, 'testkit/clis/install.sh')])
    .trim()
    .split('\n');
  const folders = lines.map((line) => line.split('\t')[1].replace(/\/[^/]+$/, ''));
  return [...new Set(folders)].join(':');
}

function run(program, args, options = {}) {
  const done = spawnSync(program, args, { encoding: 'utf8', ...options });
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${done.stderr}`);
  return done.stdout;
}
