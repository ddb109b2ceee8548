// Runs in an agent's terminal: writes a recording redraw by redraw, each as one write, as fast as the CLI once drew it
// in a storm. `node replay.mjs FILE PAUSE_MS`
import { readFileSync, writeSync } from 'node:fs';
import { redraws } from './support/redraws.mjs';

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

write(Buffer.from('\x1b[2J\x1b[H'));
for (const redraw of redraws(bytes)) {
  write(redraw);
  Atomics.wait(wait, 0, 0, pause);
}
process.stdout.write('\r\nreplayed\r\n');
