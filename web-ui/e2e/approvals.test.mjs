// The inbox in Chromium: keys and touch against the fake daemon, then the real Claude Code, asked in one browser and
// answered in two.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FakeDaemon } from '../src/testing/fake-daemon/daemon.mjs';
import { launch, open } from './support/browser.mjs';
import { setStage } from './support/stage.mjs';

const artifacts = process.env.ARTIFACTS ?? fileURLToPath(new URL('../../artifacts/e2e', import.meta.url));
mkdirSync(artifacts, { recursive: true });
const LONG = { timeout: 60_000 };
const daemon = new FakeDaemon({ dist: fileURLToPath(new URL('../dist/', import.meta.url)) });
let browser;
let origin;
before(async () => {
  browser = await launch();
  origin = `http://127.0.0.1:${await daemon.listen(0)}`;
});
after(async () => {
  await browser.close();
  daemon.close();
});

async function inbox(size) {
  daemon.load('asking');
  const { context, page } = await open(browser, size, 'dark', []);
  await page.goto(`${origin}/approvals#login=fake`);
  await card(page, '0a-1').waitFor();
  return { context, page };
}

const card = (page, id) => page.locator(`[data-approval="${id}"]`);
const stateOf = (id) => daemon.approvals.find((one) => one.id === id);

test('every question is answered without a mouse, and each key reaches the right one', async () => {
  const { context, page } = await inbox('desk');
  await page.getByRole('link', { name: 'Approvals, 3 waiting' }).waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  await page.keyboard.press('a');
  await card(page, '0a-1').getByText('allowed by Owner').waitFor();
  assert.equal(stateOf('0a-1').scope, 'once');
  // The next one is at hand; with words, which belong to the box and not to the keys.
  await page.keyboard.press('w');
  await page.getByLabel('What the agent is told').fill('as before, add a test');
  await page.keyboard.press('Enter');
  await card(page, '0a-2').getByText('“as before, add a test”').waitFor();
  assert.equal(stateOf('0a-2').state, 'denied');
  assert.equal(stateOf('0a-3').state, 'pending');
  await page.keyboard.press('a');
  await page.getByRole('radio', { name: /In memory/ }).check();
  assert.equal(stateOf('0a-3').state, 'pending', 'a yes to a question needs its words');
  await page.getByRole('button', { name: 'Send the answer' }).click();
  await card(page, '0a-3').getByText('answered by Owner').waitFor();
  await page.getByRole('heading', { name: 'Nobody waits for you now' }).waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('h');
  await page.getByText('need you').first().waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('i');
  await page.getByRole('heading', { name: 'Nobody waits for you' }).waitFor();
  await context.close();
});

test('a yes becomes a rule, the rule is shown and can be removed', async () => {
  const { context, page } = await inbox('desk');
  await page.keyboard.press('r');
  const box = page.getByLabel('From now on allow without asking');
  assert.equal(await box.inputValue(), 'Bash(git push *)');
  await page.keyboard.press('Enter');
  await card(page, '0a-1').getByText('from now on by Bash(git push *)').waitFor();
  const rules = page.getByRole('region', { name: 'Rules made from answers' });
  await rules.getByText('Bash(git push *)').waitFor();
  await rules.getByRole('button', { name: 'Remove the rule Bash(git push *)' }).click();
  await rules.getByText('Bash(git push *)').waitFor({ state: 'detached' });
  assert.equal(daemon.rules.length, 1);
  await context.close();
});

test('on the phone two buttons do it, and who is late is told who was first', async () => {
  const { context, page } = await inbox('phone');
  const buttons = card(page, '0a-1').getByRole('button', { name: /^(Allow once|Deny)$/ });
  for (const button of await buttons.all()) {
    const { height, width } = await button.boundingBox();
    assert.ok(height >= 44 && width >= 140, `${width} × ${height}`);
  }
  // Somebody else's answer, of which this page has not heard when the finger comes down.
  Object.assign(stateOf('0a-1'), { state: 'denied', answered_by: 'Bob', ended_at: new Date().toISOString() });
  await buttons.last().tap();
  await page.getByText('You are late: it was denied by Bob').waitFor();
  await card(page, '0a-1').getByText('denied by Bob').waitFor();
  await card(page, '0a-2').getByRole('button', { name: 'Deny', exact: true }).tap();
  await card(page, '0a-2').getByText('denied by Owner').waitFor();
  await context.close();
});

test('the real Claude Code asks, two browsers answer at once, one wins and the tool runs', async () => {
  const stage = await setStage({ script: 'approvals' });
  try {
    await stage.start();
    const first = await open(browser, 'desk', 'dark', []);
    const second = await open(browser, 'phone', 'light', []);
    await first.page.goto(stage.loginUrl);
    await second.page.goto(stage.link());
    for (const { page } of [first, second]) await page.locator('#stage').waitFor(LONG);
    await first.page.goto(`${stage.url}/chat`);
    const box = first.page.getByRole('textbox', { name: /message to the primary/i });
    await box.fill('run git init both');
    await box.press('Enter');
    await first.page.getByRole('link', { name: 'Approvals, 1 waiting' }).waitFor(LONG);
    for (const { page } of [first, second]) await page.goto(`${stage.url}/approvals`);
    const shot = (page, name) => page.screenshot({ path: join(artifacts, `approval-${name}.png`) });
    for (const { page } of [first, second]) await page.getByText('git init both').first().waitFor(LONG);
    await shot(first.page, 'asked-1440x900');
    await shot(second.page, 'asked-390x844');
    const yes = await first.page.getByRole('button', { name: /^Allow once/ }).elementHandle();
    const no = await second.page.getByRole('button', { name: /^Deny$/ }).elementHandle();
    // Straight at the buttons: a tap would wait for one that the other's answer took away.
    await Promise.all([yes, no].map((button) => button.evaluate((node) => node.click())));
    const end = /^(allowed|denied) by tester/;
    const ends = [];
    for (const { page } of [first, second]) {
      await page.getByText(end).first().waitFor(LONG);
      ends.push((await page.getByText(end).first().textContent()).match(end)[1]);
    }
    assert.equal(ends[0], ends[1], 'both show the same');
    await first.page.goto(`${stage.url}/chat`);
    await first.page
      .getByText(/^It gave:/)
      .first()
      .waitFor(LONG);
    const made = (() => {
      try {
        return stage.read('both/.git/HEAD') !== '';
      } catch {
        return false;
      }
    })();
    assert.equal(made, ends[0] === 'allowed', 'what was shown is what was done');
    for (const { context } of [first, second]) await context.close();
  } catch (error) {
    for (const [at, context] of browser.contexts().entries()) {
      await context
        .pages()
        .at(-1)
        ?.screenshot({ path: join(artifacts, `approval-failed-${at}.png`) });
    }
    throw error;
  } finally {
    await stage.end();
  }
});
