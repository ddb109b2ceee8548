// Runs in an agent's terminal and writes what it is told, exactly: `node player.mjs SOCKET`.
import { writeSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

process.stdin.setRawMode(true);
process.stdin.resume();
const socket = connect(process.argv[2]);

/** A terminal takes what it has room for. */
function write(bytes) {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}

createInterface({ input: socket }).on('line', (line) => {
  write(Buffer.from(line, 'base64'));
  socket.write('\n');
});
socket.on('close', () => process.exit(0));
socket.write(`${process.argv[3]}\n`);
