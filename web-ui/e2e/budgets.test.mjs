// A budget through the page: spent by a real shell, seen on the agent, and raised by one tap, on the desk and on the
// phone.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch, open } from './support/browser.mjs';
import { setStage } from './support/stage.mjs';
import { until } from './support/until.mjs';

const artifacts = process.env.ARTIFACTS ?? fileURLToPath(new URL('../../artifacts/e2e', import.meta.url));
mkdirSync(artifacts, { recursive: true });
const LONG = { timeout: 60_000 };
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test('a spent budget is seen, and raised by one tap', async () => {
  const stage = await setStage({ clis: false });
  const complaints = [];
  try {
    await stage.start();
    const token = await stage.token();
    const call = async (method, path, body) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const answer = await fetch(stage.url + path, { method, headers, body: body && JSON.stringify(body) });
      assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
      return answer.json();
    };
    const agent = await call('POST', '/api/agents', { kind: 'shell', budget: { turns: 2, wall_s: 600 } });
    const path = `/api/agents/${agent.id}`;
    for (const text of ['echo one', 'echo two']) {
      await call('POST', `${path}/messages`, { text, as_command: true });
    }
    await until(async () => (await call('GET', path)).budget?.state === 'spent', 'the budget to be spent');
    const { page, context } = await open(browser, 'desk', 'dark', complaints);
    await page.goto(stage.loginUrl);
    await page.locator('#stage').waitFor(LONG);
    await page.goto(`${stage.url}/agents/${agent.id}`);
    const panel = page.getByRole('region', { name: 'Budget' });
    await panel.getByText('Spent. It goes on when you raise it.').waitFor(LONG);
    await page.screenshot({ path: join(artifacts, 'budget-spent.png') });
    const small = await context.newPage();
    await small.setViewportSize({ width: 390, height: 844 });
    await small.goto(`${stage.url}/agents/${agent.id}`);
    await small
      .getByText(/budget/i)
      .first()
      .waitFor(LONG);
    await small.screenshot({ path: join(artifacts, 'budget-spent-phone.png') });
    await panel.getByRole('button', { name: 'Raise turns' }).click();
    await until(async () => (await call('GET', path)).budget.state === 'within', 'the raise');
    await panel.getByText('Spent.').waitFor({ state: 'detached' });
    await panel.getByRole('button', { name: 'Other limit' }).click();
    await page.screenshot({ path: join(artifacts, 'budget-raised.png') });
    await panel.getByRole('textbox', { name: 'Most' }).fill('50000');
    await panel.getByRole('button', { name: 'Set', exact: true }).click();
    await until(async () => (await call('GET', path)).budget.limit.tokens === 50_000, 'the other limit');
  } finally {
    await stage.end();
  }
});
