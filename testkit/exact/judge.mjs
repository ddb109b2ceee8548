// Decides whether a difference is explained, counts, and writes what is not into a folder.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { minimise } from './minimise.mjs';
import { Reference } from './reference.mjs';
import { CUT_RULES, EMULATOR_RULES } from './rules.mjs';

const bytesOf = (items) => Buffer.concat(items.map((item) => Buffer.from(item.bytes)));
const isCut = (name) => CUT_RULES.some((rule) => rule.name === name);
const MINIMISED = 3;

export class Judge {
  total = 0;
  unexplained = [];
  #folder;
  #reference = new Reference();
  #rows = new Map();
  #excused = new Map();
  #heals = { told: 0, frames: 0 };

  constructor(folder) {
    this.#folder = folder;
  }

  close() {
    this.#reference.close();
  }

  async take(run) {
    const whys = {};
    for (const { role, found, counts } of run.results) {
      const key = `${run.corpus}|${role.heals ? 'with' : 'without'}`;
      const row = this.#rows.get(key) ?? { runs: 0, equal: 0, excused: 0, unexplained: 0 };
      this.#rows.set(key, row);
      row.runs += 1;
      this.total += 1;
      this.#heals.told += counts.heals;
      this.#heals.frames += counts.healed;
      if (found.length === 0) {
        row.equal += 1;
        continue;
      }
      const rule = (whys[key] ??= await this.#explain(run, role.heals === true));
      if (rule) {
        row.excused += 1;
        this.#excused.set(rule, (this.#excused.get(rule) ?? 0) + 1);
        continue;
      }
      row.unexplained += 1;
      const small = this.unexplained.length < MINIMISED ? await this.#write(run, role, found) : '';
      this.unexplained.push(`seed ${run.seed}, ${run.corpus}, ${role.name}: ${found.slice(0, 3).join('; ')}${small}`);
    }
  }

  /** The rule without whose construct the emulators agree, and with which they do not. */
  async #explain({ items, size }, healed) {
    const names = [...new Set(items.map((item) => item.rule).filter(Boolean))];
    const rules = EMULATOR_RULES.filter((rule) => !healed || rule.lasting);
    if (names.length === 0) return null;
    const differs = async (list) => (await this.#reference.differs(bytesOf(list), size)).length > 0;
    if (await differs(items.filter((item) => !item.rule))) return null;
    for (const { name } of rules) {
      if (names.includes(name) && (await differs(items.filter((item) => !item.rule || item.rule === name)))) return name;
    }
    if (healed) return null;
    if (await differs(items)) return 'several of these together';
    return names.find(isCut) ?? null;
  }

  /** The seed, the bytes, and the fewest items of them that differ from the start on, if they do. */
  async #write(run, role, found) {
    mkdirSync(this.#folder, { recursive: true });
    const name = join(this.#folder, `seed-${run.seed}`);
    const differs = async (items) => (await this.#reference.differs(bytesOf(items), run.size)).length > 0;
    const few = (await differs(run.items)) ? await minimise(run.items, differs) : null;
    const shown = (few ?? run.items).map((item) => ({ name: item.name, bytes: `${item.bytes}`.slice(0, 4000) }));
    const kind = few ? 'the emulators differ from the start' : 'only this viewer differs';
    writeFileSync(`${name}.json`, JSON.stringify({ seed: run.seed, role: role.name, kind, found, items: shown }, null, 1));
    writeFileSync(`${name}.raw`, bytesOf(few ?? run.items));
    return ` (${kind}; ${name}.json)`;
  }

  table() {
    const lines = ['corpus              healing   viewers   equal  excused  unexplained'];
    for (const [key, row] of [...this.#rows].sort()) {
      const [corpus, healing] = key.split('|');
      const numbers = [`${row.runs}`.padStart(7), `${row.equal}`.padStart(7), `${row.excused}`.padStart(8)];
      lines.push(`${corpus.padEnd(19)} ${healing.padEnd(8)} ${numbers.join(' ')} ${`${row.unexplained}`.padStart(12)}`);
    }
    lines.push('', 'excused by rule');
    for (const [rule, count] of [...this.#excused].sort((a, b) => b[1] - a[1])) {
      lines.push(`${`${count}`.padStart(6)}  ${rule}`);
    }
    lines.push('', `mismatches told ${this.#heals.told}, heal frames ${this.#heals.frames}`);
    return lines.join('\n');
  }
}
