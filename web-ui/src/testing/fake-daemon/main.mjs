// `npm run fake [scenario]`: the fake daemon on 127.0.0.1:8080, with the built page if there is one.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FakeDaemon } from './daemon.mjs';

const dist = fileURLToPath(new URL('../../../dist/', import.meta.url));
const daemon = new FakeDaemon({ scenario: process.argv[2] ?? 'busy', dist: existsSync(dist) ? dist : null });
const port = await daemon.listen(Number(process.env.PORT ?? 8080));
console.log(`http://127.0.0.1:${port}/#login=fake`);
