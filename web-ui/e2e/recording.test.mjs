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
    const { page, context } = await open(browser, 'desk', 'dark', complaints);
    await page.goto(stage.loginUrl);
    await page.locator('#stage').waitFor(LONG);
    await replay(page, stage, agent, '1440x900');
    const small = await context.newPage();
    await small.setViewportSize({ width: 390, height: 844 });
    await replay(small, stage, agent, '390x844');
    const real = complaints.filter((line) => !/readback|GL Driver Message/.test(line));
    assert.deepEqual(real, [], 'the page and the frame complain of nothing');
  } catch (error) {
    const page = browser.contexts()[0]?.pages().at(-1);
    await page?.screenshot({ path: join(artifacts, 'recording-failed.png') });
    throw new Error(`${error.message}\n${complaints.join('\n')}`, { cause: error });
  } finally {
    await stage.end();
  }
});

async function replay(page, stage, agent, name) {
  await page.goto(`${stage.url}/agents/${agent.id}?view=recording`);
  const frame = page.frameLocator('iframe[title=Recording]');
  await frame.locator('.ap-player').waitFor(LONG);
  // Another speed begins to play; at the end the player shows what was printed.
  await page.getByRole('button', { name: '8×' }).click();
  await frame.getByText('replayed').first().waitFor({ timeout: 20_000 });
  await page.screenshot({ path: join(artifacts, `recording-${name}.png`) });
}

function told(stage) {
  return { ...stage.env, ORCHESTRA_DATA_DIR: stage.data };
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
    if (method !== 'GET') assert.ok(answer.ok, `${path}: ${text}`);
    return answer.headers.get('content-type')?.startsWith('application/json') ? JSON.parse(text) : text;
  };
}
