// The catalogue of docs/SECURITY-TESTS.md beside what really ran.
//
//   node scripts/security-table.mjs --filter    the tests to run, for cargo nextest -E
//   node scripts/security-table.mjs LOG         the table; ends with 1 when a row's tests did not all pass
import { readFileSync } from 'node:fs';

const catalogue = new URL('../docs/SECURITY-TESTS.md', import.meta.url);
const rows = readFileSync(catalogue, 'utf8')
  .split('\n')
  .filter((line) => /^\| [A-Z]\d\d \|/.test(line))
  .map((line) => {
    const [id, , expected, how] = line.split('|').slice(1, -1).map((cell) => cell.trim());
    return { id, expected, how };
  });
const named = [...new Set(rows.flatMap(({ how }) => /^`(.+)`$/.exec(how)?.[1] ?? []))];

if (process.argv[2] === '--filter') {
  process.stdout.write(`test(/(^|::)([a-z][0-9]{2}_)+/) or test(/(^|::)(${named.join('|')})$/)\n`);
} else {
  process.exitCode = table(readFileSync(process.argv[2], 'utf8'));
}

/** What ran: the name's last part, and whether it passed. */
function results(log) {
  const found = new Map();
  for (const line of log.split('\n')) {
    const rust = /^\s*(PASS|FAIL|TIMEOUT|SIGNAL)\b.*\s(\S+)$/.exec(line);
    const page = /^\s*(ok|not ok) \d+ - (.+?)(?: #.*)?$/.exec(line);
    if (rust) found.set(rust[2].split('::').at(-1), rust[1] === 'PASS' && found.get(rust[2].split('::').at(-1)) !== false);
    else if (page) found.set(page[2].replaceAll(' ', '_'), page[1] === 'ok');
  }
  return found;
}

function idsOf(name) {
  const ids = /^(?:[a-z]\d\d_)+/.exec(name)?.[0] ?? '';
  return ids.toUpperCase().split('_').filter(Boolean);
}

function table(log) {
  const ran = results(log);
  const count = { passed: 0, failed: 0, open: 0 };
  const known = new Set(rows.map((row) => row.id));
  for (const { id, expected, how } of rows) {
    const listed = /^`(.+)`$/.exec(how)?.[1];
    const tests = listed ? [listed] : [...ran.keys()].filter((name) => idsOf(name).includes(id));
    let outcome;
    if (/^(open|manual)/.test(how)) outcome = how;
    else if (tests.length === 0 || !tests.every((name) => ran.has(name))) outcome = 'NOT RUN';
    else outcome = tests.every((name) => ran.get(name)) ? `passed (${tests.length})` : 'FAILED';
    if (outcome.startsWith('passed')) count.passed += 1;
    else if (/^(open|manual)/.test(outcome)) count.open += 1;
    else count.failed += 1;
    process.stdout.write(`${id}  ${expected.slice(0, 58).padEnd(58)}  ${outcome}\n`);
  }
  const unknown = [...ran.keys()].flatMap(idsOf).filter((id) => !known.has(id));
  if (unknown.length > 0) process.stdout.write(`without a row: ${[...new Set(unknown)].join(' ')}\n`);
  const { passed, failed, open } = count;
  process.stdout.write(`\n${rows.length} rows: ${passed} passed, ${failed} failed, ${open} open\n`);
  return failed > 0 || unknown.length > 0 ? 1 : 0;
}
