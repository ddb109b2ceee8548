// Plays a recording of a real CLI into tmux and writes the screens that it had on the way:
//
//   node testkit/accuracy/screens.mjs RECORDING OFFSET=STATE…   prints each screen, as the corpus of screens keeps it
//   node testkit/accuracy/screens.mjs RECORDING --every N  the same each N bytes, to find the offsets worth keeping
import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [file, ...rest] = process.argv.slice(2);
const bytes = readFileSync(file);
const every = rest[0] === '--every' ? Number(rest[1]) : 0;
const offsets = every ? Array.from({ length: Math.ceil(bytes.length / every) }, (_, at) => (at + 1) * every) : rest.map((word) => Number.parseInt(word, 10));
const states = new Map(rest.map((word) => [Number.parseInt(word, 10), word.split('=')[1] ?? '']));

const folder = mkdtempSync(join(tmpdir(), 'screens-'));
const socket = join(folder, 'tmux');
const fifo = join(folder, 'in');
const tmux = (...args) => spawnSync('tmux', ['-u', '-f', '/dev/null', '-S', socket, ...args], { encoding: 'utf8' }).stdout;
spawnSync('mkfifo', [fifo]);
// The mark behind each part says that tmux has drawn it; the recordings have no such window name.
tmux('new-session', '-d', '-x', '120', '-y', '40', `stty raw -echo; exec cat ${fifo}`);
tmux('set', '-g', 'allow-rename', 'on');
const pane = createWriteStream(fifo);

const write = (data) => new Promise((resolve) => pane.write(data, resolve));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function upTo(from, to) {
  await write(bytes.subarray(from, to));
  await write(`\x1bkat-${to}\x1b\\`);
  for (let tries = 0; tries < 500; tries += 1) {
    if (tmux('display-message', '-p', '#{window_name}').trim() === `at-${to}`) return;
    await pause(10);
  }
  throw new Error(`tmux did not draw the first ${to} bytes`);
}

/** A place where no sequence and no character is cut. */
function whole(offset) {
  let at = Math.min(offset, bytes.length);
  // Synchronised output ends where a drawing does; else any line end or escape will do.
  while (at < bytes.length && bytes[at] !== 0x1b) at += 1;
  return at;
}

let done = 0;
try {
  for (const offset of offsets) {
    const at = whole(offset);
    if (at < done) continue;
    await upTo(done, at);
    done = at;
    const head = tmux('display-message', '-p', '#{cursor_x},#{cursor_y}\t#{pane_title}').trimEnd();
    const screen = tmux('capture-pane', '-p').trimEnd();
    const name = every ? '' : ` ${states.get(offset)}`;
    console.log(`=== ${at}${name}\n${head}\n${screen}`);
  }
} finally {
  pane.destroy();
  tmux('kill-server');
  rmSync(folder, { recursive: true, force: true });
}
