// Each rule names a real difference, and what is common is none.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { COMMON, program, random } from './programs.mjs';
import { Reference } from './reference.mjs';
import { CUT_RULES, EMULATOR_RULES } from './rules.mjs';

const size = { cols: 80, rows: 24 };
const reference = new Reference();
after(() => reference.close());
const differs = async (bytes) => (await reference.differs(`begin\r\n${bytes}`, size)).length > 0;

for (const rule of EMULATOR_RULES) {
  test(`tmux and xterm.js differ: ${rule.name}`, async () => {
    const seeds = [1, 2, 3, 4, 5, 6];
    const found = await Promise.all(seeds.map((seed) => differs(rule.make(random(seed), size))));
    assert.ok(found.some(Boolean));
  });
}

for (const rule of CUT_RULES) {
  test(`nothing differs without a cut: ${rule.name}`, async () => {
    assert.equal(await differs(rule.make(random(1), size)), false);
  });
}

for (const [name, make] of Object.entries(COMMON)) {
  test(`tmux and xterm.js agree: ${name}`, async () => {
    const r = random(11);
    const bytes = Array.from({ length: 12 }, () => make(r, size)).join('');
    assert.deepEqual(await reference.differs(bytes, size), []);
  });
}

test('whole programs without the rules are equal', async () => {
  for (let seed = 1; seed <= 12; seed += 1) {
    const bytes = program(seed, { size }).map((item) => item.bytes).join('');
    assert.deepEqual(await reference.differs(bytes, size), [], `seed ${seed}`);
  }
});
