// Local accounts and the admin's pages in Chromium, with the real daemon.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open } from './support/browser.mjs';
import { setStage } from './support/stage.mjs';

const LONG = { timeout: 60_000 };
const PASSWORD = 'correct horse battery';
let browser;
let stage;

before(async () => {
  browser = await launch();
  stage = await setStage({ clis: false, model: false });
  await stage.start();
});

after(async () => {
  await browser.close();
  await stage.end();
});

test('an admin makes an account, which logs in, is locked out and loses its agents', async () => {
  const complaints = [];
  const { page: admin } = await open(browser, 'desk', 'dark', complaints);
  await admin.goto(stage.loginUrl);
  await admin.locator('#stage').waitFor(LONG);
  await admin.goto(`${stage.url}/settings`);
  await admin.getByRole('link', { name: 'People' }).click(LONG);
  await admin.getByLabel('Name', { exact: true }).fill('alice');
  await admin.getByLabel('Password').fill(PASSWORD);
  await admin.getByRole('button', { name: 'Add' }).click();
  const row = admin.locator('[data-person=alice]');
  await row.waitFor(LONG);

  const { page: alice } = await open(browser, 'desk', 'light', []);
  await alice.goto(stage.url);
  await alice.getByLabel('Name').fill('alice', LONG);
  await alice.getByLabel('Password').fill('wrong horse battery');
  await alice.getByRole('button', { name: 'Log in' }).click();
  await alice.getByText('Check both').waitFor(LONG);
  await alice.getByLabel('Password').fill(PASSWORD);
  await alice.getByRole('button', { name: 'Log in' }).click();
  await alice.locator('#stage').waitFor(LONG);
  const listed = alice.waitForResponse((response) => response.url().includes('/api/agents'), LONG);
  await alice.reload();
  await alice.locator('#stage').waitFor(LONG);
  const kept = await alice.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  assert.doesNotMatch(kept, /eyJ|horse/, 'neither token nor password is kept');

  const authorization = (await (await listed).request().allHeaders()).authorization;
  const headers = { authorization, 'content-type': 'application/json' };
  const request = { method: 'POST', headers, body: JSON.stringify({ kind: 'shell' }) };
  assert.equal((await fetch(`${stage.url}/api/agents`, request)).status, 201);
  await row.getByText('1 agent,').waitFor(LONG);
  await admin.getByLabel('Open sockets').getByText('alice').waitFor(LONG);
  await row.getByRole('button', { name: 'End agents' }).click();
  const end = admin.getByRole('button', { name: 'End them' });
  await end.waitFor(LONG);
  assert.equal(await end.isDisabled(), true, 'nothing was typed yet');
  await admin.getByLabel('Type alice to confirm').fill('alice');
  await end.click();
  await row.getByText('0 agents').waitFor(LONG);
  assert.equal((await fetch(`${stage.url}/api/agents`, request)).status, 201);
  await row.getByText('1 agent,').waitFor(LONG);
  await admin.getByRole('button', { name: 'End all agents' }).click();
  const word = admin.getByLabel('Type everything to confirm');
  await word.fill('alice');
  assert.equal(await end.isDisabled(), true, 'another word ends nothing');
  await word.fill('everything');
  await end.click();
  await row.getByText('0 agents').waitFor(LONG);

  await row.getByRole('button', { name: 'Lock' }).click();
  await row.getByText('locked').waitFor(LONG);
  await alice.getByRole('button', { name: 'Log in' }).waitFor(LONG);

  await admin.goto(`${stage.url}/audit`);
  await admin.getByText('POST /api/admin/locks').first().waitFor(LONG);
  await admin.getByLabel('Action holds').fill('/api/admin/kill');
  await admin.getByRole('button', { name: 'Filter' }).click();
  await admin
    .getByText('POST /api/admin/locks')
    .first()
    .waitFor({ state: 'detached', ...LONG });
  await admin.getByText('POST /api/admin/kill').first().waitFor(LONG);
  await admin.getByLabel('Action holds').fill('');
  await admin.getByLabel('Person').selectOption('alice');
  await admin.getByRole('button', { name: 'Filter' }).click();
  await admin.getByText('POST /api/agents').first().waitFor(LONG);
  assert.equal(await admin.getByText('POST /api/admin/kill').count(), 0, 'another did that');
  await admin.getByLabel('Person').selectOption('Everybody');
  await admin.getByLabel('Result').selectOption('Refused');
  await admin.getByRole('button', { name: 'Filter' }).click();
  await admin
    .getByText(/^denied:/)
    .first()
    .waitFor(LONG);
  assert.equal(await admin.getByText(/^ok:/).count(), 0);
  await admin.getByRole('button', { name: 'Check' }).click();
  await admin.getByText(/^Whole: \d+ lines$/).waitFor(LONG);
  assert.deepEqual(
    complaints.filter((text) => !/readback|GL Driver/.test(text)),
    [],
  );
});
