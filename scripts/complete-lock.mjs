// Completes a package-lock.json with the optional packages of other platforms.
//
//   node scripts/complete-lock.mjs web-ui
//
// npm writes an optional package into the lock only when the registry in use offers it. A registry that
// leaves out other platforms' builds so yields a lock that `npm ci` then refuses as incomplete, there and
// everywhere. The missing entries are written here, from the versions that their parents ask for; an
// entry of another platform is never downloaded, and on its own platform npm takes it by that version.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const path = join(process.argv[2] ?? '.', 'package-lock.json');
const lock = JSON.parse(readFileSync(path, 'utf8'));
const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32', 'windows'];
const processors = { armhf: 'arm', 'arm-gnueabihf': 'arm', arm64: 'arm64', x64: 'x64', ia32: 'ia32', wasm32: 'wasm32' };

/** What the name says of the platform; null when it names none. */
function platform(name) {
  const os = systems.find((system) => name.includes(`-${system}-`) || name.includes(`/${system}-`));
  const cpu = Object.keys(processors).find((processor) => name.includes(`-${processor}`));
  if (!cpu || (!os && cpu !== 'wasm32')) return null;
  return { cpu: [processors[cpu]], ...(os ? { os: [os === 'windows' ? 'win32' : os] } : {}) };
}

let added = 0;
for (const parent of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    const where = platform(name);
    if (lock.packages[key] || !where || !/^\d/.test(version)) continue;
    const dev = parent.dev ? { dev: true } : {};
    const { cpu, ...os } = where;
    lock.packages[key] = { version, cpu, ...dev, license: parent.license, optional: true, ...os };
    added += 1;
  }
}

const root = Object.entries(lock.packages).sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
lock.packages = Object.fromEntries(root);
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${path}: ${added} added`);
