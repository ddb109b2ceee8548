// A recording through the page: what a shell printed is played again by asciinema's player, in its frame, under the
// policies that the daemon sends.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch, open } from './support/browser.mjs';
import { setStage } from './support/stage.mjs';

const artifacts = process.env.ARTIFACTS ?? fileURLToPath(new URL('../../artifacts/e2e', import.meta.url));
mkdirSync(artifacts, { recursive: true });
const binary =
  process.env.ORCHESTRA_BIN ?? fileURLToPath(new URL('../../target/debug/orchestra', import.meta.url));
const LONG = { timeout: 60_000 };
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test('a recording plays on the desk and on the phone', async () => {
  const stage = await setStage({ clis: false });
  const complaints = [];
  try {
    await stage.start();
    const call = caller(stage);
    const agent = await call('POST', '/api/agents', { kind: 'shell' });
    const text = `printf '\\033[1;32mgreen\\033[0m 日本\\n'; echo repl''ayed\n`;
    await call('POST', `/api/agents/${agent.id}/input`, { text });
    const path = `/api/agents/${agent.id}/recording`;
    for (let left = 200; !(await call('GET', path)).includes('replayed'); left -= 1) {
      assert.ok(left > 0, 'it is recorded');
      await new Promise((done) => setTimeout(done, 100));
    }
    for (const [size, name] of [
      ['desk', '1440x900'],
      ['phone', '390x844'],
    ]) {
      const { page, context } = await open(browser, size, 'dark', complaints);
      const link = spawnSync(binary, ['web', '--no-open'], { env: told(stage), encoding: 'utf8' });
      await page.goto(/http\S+/.exec(link.stdout)[0]);
      await page.locator('#stage').waitFor(LONG);
      await page.goto(`${stage.url}/agents/${agent.id}?view=recording`);
      const frame = page.frameLocator('iframe[title=Recording]');
      // The poster is the first frame; played to the end it shows what was printed.
      await frame.locator('.ap-player').waitFor(LONG);
      await page.getByRole('button', { name: '8×' }).click();
      await frame.locator('.ap-overlay-start, .ap-playback-button').first().click();
      await frame.getByText('replayed').first().waitFor(LONG);
      await page.screenshot({ path: join(artifacts, `recording-${name}.png`) });
      await context.close();
    }
    const real = complaints.filter((line) => !/readback|GL Driver Message/.test(line));
    assert.deepEqual(real, [], 'the page and the frame complain of nothing');
  } finally {
    await stage.end();
  }
});

function told(stage) {
  return { ...stage.env, ORCHESTRA_DATA_DIR: stage.data, ORCHESTRA_URL: stage.url };
}

/** Calls the daemon as an admin; answers JSON as a value and anything else as text. */
function caller(stage) {
  const made = spawnSync(binary, ['token', '--role', 'admin', '--sub', 'tester', '--ttl', '30m'], {
    env: told(stage),
    encoding: 'utf8',
  });
  const authorization = `Bearer ${made.stdout.trim()}`;
  return async (method, path, body) => {
    const headers = { authorization, ...(body ? { 'content-type': 'application/json' } : {}) };
    const answer = await fetch(stage.url + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    return answer.headers.get('content-type')?.startsWith('application/json') ? JSON.parse(text) : text;
  };
}
