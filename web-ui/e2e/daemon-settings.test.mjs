// The daemon's settings in Chromium, with the real daemon: seen with their sources, changed, refused, and counted
// from the next start.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch, open } from './support/browser.mjs';
import { setStage } from './support/stage.mjs';

const LONG = { timeout: 60_000 };
const artifacts = process.env.ARTIFACTS ?? fileURLToPath(new URL('../../artifacts/e2e', import.meta.url));
mkdirSync(artifacts, { recursive: true });
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

test('an admin finds a setting, changes it, and it counts from the next start', async () => {
  const complaints = [];
  const { page } = await open(browser, 'desk', 'dark', complaints);
  await page.goto(stage.loginUrl);
  await page.locator('#stage').waitFor(LONG);
  await page.goto(`${stage.url}/settings`);
  await page.getByRole('link', { name: 'Settings of the daemon' }).click(LONG);
  const setting = (key) => page.locator(`[data-setting="${key}"]`);
  await setting('auth.login').getByText('default').waitFor(LONG);
  assert.equal(
    await setting('auth.login').getByRole('button').count(),
    0,
    'who gets in is not changed from afar',
  );
  await setting('server.listen').getByText('flag --listen').waitFor();
  await page.screenshot({ path: join(artifacts, 'daemon-settings.png') });

  await page.getByLabel('Find a setting').fill('depth');
  const depth = setting('limits.depth');
  await setting('auth.login').waitFor({ state: 'detached' });
  await depth.getByRole('button', { name: 'Change limits.depth' }).click();
  const value = depth.getByLabel('New value of limits.depth');
  await value.fill('many');
  await value.press('Enter');
  await depth.getByText('"many" is not a whole number').waitFor(LONG);
  await value.fill('7');
  await value.press('Enter');
  await depth.getByText('next start: 7').waitFor(LONG);
  const file = readFileSync(join(stage.dir, 'config.toml'), 'utf8');
  assert.match(file, /\[limits\]\ndepth = 7\n/);

  // What would not stand is refused in the daemon's words, and the form stays.
  await page.getByLabel('Find a setting').fill('frames_per_second');
  const frames = setting('terminal.frames_per_second');
  await frames.getByRole('button', { name: 'Change' }).click();
  await frames.getByRole('textbox').fill('99');
  await frames.getByRole('button', { name: 'Save' }).click();
  await frames.getByText('nothing was changed').waitFor(LONG);
  await frames.getByRole('textbox').press('Escape');

  await stage.kill();
  await stage.start();
  await page.reload();
  await depth.getByText('of the file').waitFor(LONG);
  assert.equal(await depth.getByText('next start').count(), 0);
  await page.getByRole('button', { name: 'Only what is not the default' }).click();
  await setting('limits.live_agents').waitFor({ state: 'detached' });
  await depth.getByRole('button', { name: 'Change' }).click();
  await depth.getByRole('button', { name: 'Back to 3' }).click();
  await depth.getByText('next start: 3').waitFor(LONG);
  assert.deepEqual(
    complaints.filter((one) => !/refused|reconnect|ERR_CONNECTION|40[0-9]|422/i.test(one)),
    [],
  );
});

test('the same on the phone, from the palette', async () => {
  const { page } = await open(browser, 'phone', 'light', []);
  await page.goto(stage.link());
  await page.locator('#stage').waitFor(LONG);
  await page.getByRole('button', { name: 'Find' }).click(LONG);
  await page.getByRole('combobox').fill('settings of the');
  await page.getByRole('option', { name: 'Settings of the daemon' }).click();
  const parallel = page.locator('[data-setting="worktrees.parallel"]');
  await parallel.getByRole('button', { name: 'Change' }).click(LONG);
  await parallel.getByRole('textbox').fill('5');
  await parallel.scrollIntoViewIfNeeded();
  await page.screenshot({ path: join(artifacts, 'daemon-settings-phone.png') });
  await parallel.getByRole('button', { name: 'Save' }).click();
  await parallel.getByText('next start: 5').waitFor(LONG);
});
