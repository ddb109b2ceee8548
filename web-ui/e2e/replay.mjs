// Runs in an agent's terminal: writes a recording redraw by redraw, each as one write, as fast as the CLI once drew it
// in a storm. `node replay.mjs FILE PAUSE_MS`
import { readFileSync, writeSync } from 'node:fs';

const bytes = readFileSync(process.argv[2]);
const pause = Number(process.argv[3]);
const wait = new Int32Array(new SharedArrayBuffer(4));

function write(part) {
  for (let at = 0; at < part.length; ) {
    try {
      at += writeSync(1, part, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(wait, 0, 0, 2);
    }
  }
}

// Claude Code begins a redraw by going up to the first row that it changes.
const redraws = bytes.toString('latin1').split(/(?=\x1b\[\d*A)/);
for (const redraw of redraws) {
  write(Buffer.from(redraw, 'latin1'));
  Atomics.wait(wait, 0, 0, pause);
}
process.stdout.write('\r\nreplayed\r\n');
