// The same bytes from the start into a fresh tmux pane and a fresh xterm.js: what differs there is the emulators'.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTerminal, parsed, TitleFilter } from './emulator.mjs';
import { difference, emulatorScreen, tmuxScreen } from './screen.mjs';
import { until } from './stage.mjs';

export class Reference {
  #dir = mkdtempSync('/tmp/orcr');
  #socket = join(this.#dir, 's');
  #count = 0;

  #tmux(...args) {
    const done = spawnSync('tmux', ['-u', '-f', '/dev/null', '-S', this.#socket, ...args], { encoding: 'utf8' });
    return done.stdout.trim();
  }

  /** What differs after these bytes; empty when the two agree. */
  async differs(bytes, { cols, rows }) {
    this.#count += 1;
    const file = join(this.#dir, `${this.#count}`);
    writeFileSync(file, bytes);
    const command = `stty raw -echo; cat ${file}; : > ${file}.done; exec sleep 1000`;
    const size = ['-x', `${cols}`, '-y', `${rows}`];
    const keep = this.#count === 1 ? ['new-session', '-d', 'sleep 10000', ';', 'set', '-g', 'status', 'off', ';'] : [];
    const pane = this.#tmux(...keep, 'new-session', '-d', '-P', '-F', '#{pane_id}', ...size, command);
    const terminal = openTerminal({ cols, rows });
    terminal.write(new TitleFilter().filter(Buffer.from(bytes)));
    await parsed(terminal);
    const { existsSync } = await import('node:fs');
    await until(() => existsSync(`${file}.done`), 'the bytes are written');
    // Written is not yet read by tmux: two equal looks.
    let last = '';
    await until(() => {
      const now = JSON.stringify(tmuxScreen(this.#socket, pane));
      const same = now === last;
      last = now;
      return same;
    }, 'tmux is quiet');
    const found = difference(JSON.parse(last), emulatorScreen(terminal));
    this.#tmux('kill-pane', '-t', pane);
    terminal.dispose();
    return found;
  }

  close() {
    this.#tmux('kill-server');
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
