#!/usr/bin/env node
// Are the screens that people see the screens that tmux has? Plays seeded programs and recordings in agents of a real
// daemon, lets viewers join, drop, resume and lag at random, and compares every emulator with tmux at the end.
//
//   run.mjs [--runs N] [--agents N] [--seed N]       ends with 1 when a difference is not explained by a rule
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Judge } from './judge.mjs';
import { program, random } from './programs.mjs';
import { CUT_RULES, EMULATOR_RULES } from './rules.mjs';
import { difference, emulatorScreen, tmuxScreen } from './screen.mjs';
import { Stage, until } from './stage.mjs';
import { Viewer } from './viewer.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '60' },
    agents: { type: 'string', default: '6' },
    seed: { type: 'string', default: '1' },
  },
});
const SIZE = { cols: 80, rows: 24 };
const WIDE = { cols: 120, rows: 40 };
/** Who watches: from the start, joining late, dropping and resuming, acknowledging late; and with healing. */
const ROLES = [
  { name: 'from the start', early: true },
  { name: 'joins in the middle' },
  { name: 'drops and resumes', early: true, drops: true },
  { name: 'acknowledges late', early: true, slow: true },
  { name: 'healed, from the start', early: true, heals: true },
  { name: 'healed, joins in the middle', heals: true },
  { name: 'healed, drops and resumes', early: true, drops: true, heals: true },
];

const recordings = readdirSync(join(here, 'recordings')).filter((file) => file.endsWith('.raw'));

/** What one run plays. */
function plan(seed) {
  if (seed % 5 === 0) {
    const file = recordings[(seed / 5) % recordings.length];
    const bytes = readFileSync(join(here, 'recordings', file));
    return { corpus: 'recordings', size: WIDE, items: [{ name: file, bytes }], resizes: false };
  }
  const hard = seed % 3 === 0;
  const rules = hard ? [...EMULATOR_RULES, ...CUT_RULES] : null;
  const items = program(seed, { size: SIZE, rules });
  return { corpus: hard ? 'with differences' : 'common', size: SIZE, items, resizes: seed % 5 === 1 };
}

async function run(stage, agent, clients, seed) {
  const r = random(seed * 7919);
  const { corpus, size, items, resizes } = plan(seed);
  await stage.call(`/api/agents/${agent.id}/resize`, size);
  await stage.play(agent, '\x1b[?1049l\x1bc');
  const viewers = ROLES.map((role, at) => new Viewer(clients[at], agent.session, role));
  for (const [at, role] of ROLES.entries()) if (role.early) viewers[at].join();
  await until(() => viewers.every((viewer, at) => !ROLES[at].early || viewer.next !== null), 'the viewers join');
  const bytes = Buffer.concat(items.map((item) => Buffer.from(item.bytes)));
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + r.between(1, r.from([20, 400, Math.ceil(bytes.length / 6)])));
    await stage.play(agent, bytes.subarray(at, end));
    at = end;
    if (r.next() < 0.3) await new Promise((done) => setTimeout(done, r.below(25)));
    if (resizes && r.next() < 0.03) {
      const other = { cols: r.between(40, 120), rows: r.between(20, 40) };
      await stage.call(`/api/agents/${agent.id}/resize`, other);
    }
    for (const [role, viewer] of viewers.entries()) {
      if (!viewer.joined && r.next() < 0.15) viewer.join();
      else if (viewer.joined && ROLES[role].drops && r.next() < 0.1) viewer.drop();
    }
  }
  await stage.call(`/api/agents/${agent.id}/resize`, size);
  for (const viewer of viewers) if (!viewer.joined) viewer.join();
  const same = async () => {
    const all = await Promise.all(viewers.map((viewer) => viewer.settled(size)));
    return all.every(Boolean) && viewers.every((viewer) => viewer.next === viewers[0].next);
  };
  const settled = await until(same, null, 20_000);
  const wanted = tmuxScreen(stage.tmux, agent.pane);
  const results = viewers.map((viewer, at) => {
    const found = difference(wanted, emulatorScreen(viewer.terminal));
    if (!settled) found.push(`never settled: ${viewers.map((one) => `${one.hash}/${one.next}`).join(' ')}`);
    return { role: ROLES[at], found, counts: viewer.counts };
  });
  for (const viewer of viewers) {
    viewer.drop();
    viewer.terminal.dispose();
  }
  return { seed, corpus, size, items, resizes, results };
}

async function main() {
  const began = Date.now();
  const stage = await Stage.open();
  const judge = new Judge(join(here, '../../artifacts/exact'));
  try {
    const clients = await Promise.all(ROLES.map(() => stage.client()));
    let seed = Number(values.seed);
    const last = seed + Number(values.runs) - 1;
    const work = async () => {
      const agent = await stage.agent(SIZE);
      while (seed <= last) {
        const mine = seed;
        seed += 1;
        await judge.take(await run(stage, agent, clients, mine));
      }
    };
    await Promise.all(Array.from({ length: Number(values.agents) }, work));
    for (const client of clients) client.close();
    if (stage.errors.length > 0) judge.unexplained.push(`refused: ${JSON.stringify(stage.errors[0])}`);
  } finally {
    judge.close();
    await stage.close();
  }
  console.log(judge.table());
  console.log(`${values.runs} programs from seed ${values.seed}, ${((Date.now() - began) / 1000).toFixed(0)} s`);
  const bad = judge.unexplained;
  for (const line of bad.slice(0, 10)) console.log(`UNEXPLAINED ${line}`);
  console.log(`exact: ${judge.total - bad.length} passed, ${bad.length} failed`);
  process.exitCode = bad.length === 0 ? 0 : 1;
}

await main();
