// The budget test: fails when the first screen's script, or all of the script, outgrows its allowance.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET_KIB = { first: 165, firstStyle: 24, all: 560, player: 110 };

const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));
const gzip = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;

function closure(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of manifest[key].imports ?? []) closure(next, seen);
  return seen;
}

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const chunks = [...closure(entry)].map((key) => manifest[key]);
const first = chunks.reduce((sum, chunk) => sum + gzip(chunk.file), gzip('theme.js'));
const styles = new Set(chunks.flatMap((chunk) => chunk.css ?? []));
const firstStyle = [...styles].reduce((sum, file) => sum + gzip(file), 0);
const all = readdirSync(new URL('assets/', dist))
  .filter((name) => name.endsWith('.js'))
  .reduce((sum, name) => sum + gzip(`assets/${name}`), 0);

const measured = { first, firstStyle, all, player: gzip('player.html') };
let failed = false;
for (const [name, limit] of Object.entries(BUDGET_KIB)) {
  const kib = measured[name] / 1024;
  const over = kib > limit;
  failed ||= over;
  console.log(
    `${name.padEnd(10)} ${kib.toFixed(1).padStart(7)} KiB gzip of ${limit}${over ? '  OVER BUDGET' : ''}`,
  );
}
process.exit(failed ? 1 : 0);
