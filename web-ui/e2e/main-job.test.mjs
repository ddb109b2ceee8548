// The main job through the page, with the real daemon, tmux and Claude Code: from the login link to the reply,
// both terminals live, and the truth without a reload after the daemon was killed.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch, open } from './support/browser.mjs';
import { setStage } from './support/stage.mjs';

const artifacts = process.env.ARTIFACTS ?? fileURLToPath(new URL('../../artifacts/e2e', import.meta.url));
mkdirSync(artifacts, { recursive: true });
const word = () => `w${randomBytes(5).toString('hex')}`;
const LONG = { timeout: 60_000 };
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test('a word travels from the page through two agents and back', async () => {
  const stage = await setStage();
  const complaints = [];
  try {
    await stage.start();
    const { page } = await open(browser, 'desk', 'dark', complaints);
    const shot = (name) => page.screenshot({ path: join(artifacts, `${name}-1440x900.png`) });
    await page.goto(stage.loginUrl);
    await page.locator('#stage').waitFor();
    assert.equal(new URL(page.url()).hash, '', 'the secret leaves the address');
    await shot('1-home');

    await page.goto(`${stage.url}/chat`);
    const made = word();
    await say(page, `Let droid store the word ${made} in word.txt`);
    await page.locator('[data-agent=droid-001]').waitFor(LONG);
    await page.getByText(`word.txt holds ${made}`).first().waitFor(LONG);
    await page.getByText('The task ended as completed').waitFor(LONG);
    await page.getByText('answered').first().waitFor(LONG);
    assert.equal(stage.read('word.txt'), made);
    await shot('2-reply');
    await page.goto(`${stage.url}/chat?beside=droid-001`);
    await page.locator('.xterm-screen').waitFor(LONG);
    await page.getByText('The task ended as completed').waitFor(LONG);
    await shot('2-beside');

    await page.goto(`${stage.url}/wall`);
    await page.waitForFunction(twoPaintedScreens, null, LONG);
    await shot('3-wall');

    await phone(stage, made, complaints, page.context());
    // The probe above and a browser without a graphics card read pixels back, and a busy machine is late: not ours.
    const real = complaints.filter((text) => !/readback|GL Driver Message|task queue exceeded/.test(text));
    assert.deepEqual(real, [], 'the page complains of nothing');
  } finally {
    await stage.end();
  }
});

test('a page that stays open shows the truth after kill -9 of the daemon', async () => {
  const stage = await setStage();
  try {
    await stage.start();
    const { page } = await open(browser, 'desk', 'light', []);
    await page.goto(stage.loginUrl);
    await page.locator('#stage').waitFor();
    await page.goto(`${stage.url}/chat`);
    const made = word();
    await say(page, `Let droid slowly store the word ${made} in word.txt`);
    await page.getByText('running', { exact: true }).first().waitFor(LONG);
    // What the primary has said so far, before its answer is whole.
    await page.locator('[data-growing]', { hasText: 'Handing it to droid.' }).waitFor(LONG);
    await stage.kill();
    await page.screenshot({ path: join(artifacts, '5-away-1440x900.png') });
    await stage.start();
    await page.getByText('The task ended as completed').waitFor(LONG);
    assert.equal(stage.read('word.txt'), made);
    await page.screenshot({ path: join(artifacts, '6-back-1440x900.png') });
  } finally {
    await stage.end();
  }
});

test('without any agent CLI the page offers the shell and tells how to install one', async () => {
  const stage = await setStage({ clis: false });
  try {
    await stage.start();
    const { page } = await open(browser, 'desk', 'dark', []);
    await page.goto(stage.loginUrl);
    await page.locator('#stage').waitFor();
    await page.getByText('npm install -g @anthropic-ai/claude-code').first().waitFor(LONG);
    await page.screenshot({ path: join(artifacts, '7-no-cli-1440x900.png') });
    await page.keyboard.press('s');
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    assert.ok(await dialog.getByRole('radio', { name: /shell/i }).isChecked());
    await dialog.getByRole('button', { name: /start/i }).click();
    await page.locator('[data-agent=shell-001]').waitFor(LONG);
    await page.goto(`${stage.url}/agents/shell-001`);
    await page.getByRole('button', { name: 'Take the keyboard' }).click();
    await page.locator('.terminal-viewport').click();
    const made = word();
    await page.keyboard.type(`echo ${made} > typed.txt\n`);
    await until(() => stage.read('typed.txt') === made, 'the typed command to run');
    await page.screenshot({ path: join(artifacts, '8-shell-1440x900.png') });
  } finally {
    await stage.end();
  }
});

/** Run in the page: both thumbnails show something brighter than their ground. */
function twoPaintedScreens() {
  const canvases = [...document.querySelectorAll('canvas')].filter((canvas) => canvas.width > 0);
  const painted = canvases.filter((canvas) => {
    // A worker paints them, so their pixels are read from a copy.
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d');
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value, index) => index % 4 !== 3 && value > 150);
  });
  return painted.length === 2;
}

async function say(page, text) {
  const box = page.getByRole('textbox', { name: /message to the primary/i });
  await box.fill(text);
  await box.press('Enter');
}

/** The same conversation on a phone that is logged in by the desk's own device key. */
async function phone(stage, made, complaints, context) {
  const page = await context.newPage();
  await page.setViewportSize({ width: 390, height: 844 });
  page.on('pageerror', (error) => complaints.push(String(error)));
  for (const [name, path] of [
    ['home', '/'],
    ['chat', '/chat'],
    ['terminal', '/agents/droid-001'],
  ]) {
    await page.goto(`${stage.url}${path}`);
    await page.locator('#stage').waitFor();
    if (name === 'chat') await page.getByText(`word.txt holds ${made}`).first().waitFor(LONG);
    if (name === 'terminal') await page.locator('.xterm-screen').waitFor(LONG);
    await page.screenshot({ path: join(artifacts, `4-${name}-390x844.png`) });
  }
  await page.close();
}

async function until(probe, what) {
  const limit = Date.now() + 30_000;
  for (;;) {
    try {
      if (probe()) return;
    } catch {}
    assert.ok(Date.now() < limit, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
