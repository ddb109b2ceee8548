// Sessions on disk through the page, with the real daemon: found, searched, read, followed while they grow, exported;
// and one of the real Claude Code, begun by hand, goes on as an agent.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch, open } from './support/browser.mjs';
import { faults } from './support/faults.mjs';
import { setStage } from './support/stage.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const artifacts = process.env.ARTIFACTS ?? here('../../artifacts/e2e');
mkdirSync(artifacts, { recursive: true });
const fixtures = here('../../daemon/tests/fixtures/');
const LONG = { timeout: 30_000 };
const TOOLS = '00000002-0000-4000-8000-000000000002';
const NESTED = '00000003-0000-4000-8000-000000000003';
const DAMAGED = '00009004-0000-4000-8000-000000009004';
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** A HOME in which both CLIs were used, without any of them installed. */
async function usedHome() {
  const stage = await setStage({ clis: false, model: false });
  cpSync(join(fixtures, 'claude-projects'), join(stage.dir, 'home/.claude/projects'), { recursive: true });
  cpSync(join(fixtures, 'codex-sessions'), join(stage.dir, 'home/.codex/sessions'), { recursive: true });
  return stage;
}

async function login(stage, size, theme, complaints) {
  const { page, context } = await open(browser, size, theme, complaints);
  await page.goto(stage.loginUrl);
  await page.locator('#stage').waitFor(LONG);
  return { page, context };
}

/** A session as Claude Code keeps it, in the stage's own project. */
function session(stage, id, texts) {
  const folder = join(stage.dir, 'home/.claude/projects', stage.project.replace(/[^A-Za-z0-9]/g, '-'));
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${id}.jsonl`);
  writeFileSync(file, texts.map((text, at) => record(stage, id, text, at)).join(''));
  return file;
}

function record(stage, sessionId, text, at) {
  const own = at % 2 === 0;
  return `${JSON.stringify({
    type: own ? 'user' : 'assistant',
    uuid: `${sessionId}-${at}`,
    sessionId,
    cwd: stage.project,
    timestamp: new Date(Date.UTC(2026, 10, 20, 12) + at * 1000).toISOString(),
    message: own
      ? { role: 'user', content: text }
      : { id: `m${at}`, model: 'claude-sonnet-4-5', content: [{ type: 'text', text }], usage: {} },
  })}\n`;
}

/** Runs a flow, with a picture of the page where it fails. */
async function flow(stage, run) {
  const complaints = [];
  try {
    await stage.start();
    await run(complaints);
    const loud = complaints.filter((text) => !/WebGL|GL Driver|status of 404/.test(text));
    assert.deepEqual(loud, [], 'the page complains of nothing');
  } catch (error) {
    const pages = browser.contexts().flatMap((context) => context.pages());
    await pages.at(-1)?.screenshot({ path: join(artifacts, 'sessions-failed.png') });
    throw new Error(`${error.message}\n${complaints.join('\n')}`, { cause: error });
  } finally {
    for (const context of browser.contexts()) await context.close();
    await stage.end();
  }
}

test('sessions of every CLI are listed, filtered and searched by keys alone', async () => {
  const stage = await usedHome();
  await flow(stage, async (complaints) => {
    const { page } = await login(stage, 'desk', 'dark', complaints);
    const rows = page.locator('[data-session]');
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.waitForURL(/\/sessions$/);
    await rows.filter({ hasText: 'hello codex' }).waitFor(LONG);
    await page.getByRole('progressbar').waitFor({ state: 'hidden', ...LONG });
    assert.equal(await rows.count(), 17, 'every session, without the sub-agent');
    await page.getByText('its folder /tmp/demo/app is not there any more').first().waitFor();
    await page.getByText('damaged').waitFor();
    await page.screenshot({ path: join(artifacts, 'sessions-list-1440x900.png') });
    assert.deepEqual(await faults(page, []), []);

    await page.getByRole('combobox', { name: 'CLI' }).selectOption('codex');
    await page.waitForURL(/kind=codex/);
    await page.locator('ul[aria-label="4 sessions"]').waitFor(LONG);
    await page.getByRole('combobox', { name: 'CLI' }).selectOption('');

    await page.locator('ul[aria-label="17 sessions"]').waitFor(LONG);
    await page.keyboard.press('/');
    await page.keyboard.type('nonexistent directory');
    await page.waitForURL(/q=nonexistent.directory/);
    await page
      .locator('mark', { hasText: /nonexistent/i })
      .first()
      .waitFor(LONG);
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/sessions\/[0-9a-f]+\?.*at=\d+/);
    // The link leads to the very record, and what it stands in is unfolded.
    await page.locator('[data-entry]', { hasText: 'No such file or directory' }).first().waitFor(LONG);
    await page.waitForFunction(() => {
      const { top, bottom } = document.querySelector('[data-entry].outline-2').getBoundingClientRect();
      return bottom > 0 && top < innerHeight;
    });
    // The list is still the one that was gone through.
    assert.match(page.url(), /q=nonexistent.directory/);
    assert.equal(await page.getByRole('searchbox').inputValue(), 'nonexistent directory');
  });
});

test('a session is read: calls folded, changes as a difference, the sub-agent inside, errors marked', async () => {
  const stage = await usedHome();
  await flow(stage, async (complaints) => {
    const { page } = await login(stage, 'desk', 'light', complaints);
    await page.goto(`${stage.url}/sessions/${TOOLS}`);
    await page.getByRole('heading', { name: 'run bash: ls -1' }).waitFor(LONG);
    await page.getByText('Cannot be resumed:').waitFor();
    const failed = page.getByRole('button', { name: /Bash.*ls \/nonexistent.*failed/ });
    await failed.click();
    await page.locator('pre', { hasText: 'Exit code 2' }).waitFor();
    await page.getByRole('button', { name: /Write.*notes\.txt.*\+1/ }).click();
    await page.getByRole('group', { name: 'Changes of /tmp/demo/app/notes.txt' }).waitFor();
    assert.match(
      await page.getByRole('group', { name: /notes\.txt/ }).textContent(),
      /\+\s*scripted content/,
    );
    await page.getByText('cost unknown').first().waitFor();
    assert.deepEqual(await faults(page, []), []);
    await page.screenshot({ path: join(artifacts, 'sessions-reader-1440x900.png') });

    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Keep as markdown' }).click();
    const file = await download;
    assert.match(file.suggestedFilename(), /^\d{4}-\d\d-\d\d-run-bash-ls-1\.md$/);
    const text = readFileSync(await file.path(), 'utf8');
    assert.match(text, /# run bash: ls -1/);
    assert.match(text, /scripted content/);

    await page.goto(`${stage.url}/sessions/${NESTED}`);
    await page.getByRole('button', { name: /^Sub-agent/ }).click();
    await page.getByText('SUBTASK count the files').last().waitFor(LONG);
    await page.getByRole('button', { name: 'Open on its own' }).click();
    await page.getByText('A sub-agent: open the session it worked for').click();
    await page.waitForURL(new RegExp(`/sessions/${NESTED}`));

    await page.goto(`${stage.url}/sessions/${DAMAGED}`);
    await page.getByText('Not all of it could be read:').waitFor(LONG);
    await page.getByText('1 record of this file could not be read and is left out.').waitFor();

    await page.goto(`${stage.url}/sessions/none`);
    await page.getByText('There is no such session').waitFor(LONG);
  });
});

test('a long session goes both ways from a link, and what is written meanwhile appears', async () => {
  const stage = await usedHome();
  const id = '00005000-0000-4000-8000-000000005000';
  const file = session(
    stage,
    id,
    Array.from({ length: 1_200 }, (_, n) => `message ${n} ${'with some words '.repeat(12)}`),
  );
  await flow(stage, async (complaints) => {
    const { page } = await login(stage, 'phone', 'dark', complaints);
    const middle = Buffer.byteLength(readFileSync(file, 'utf8').split('\n').slice(0, 600).join('\n')) + 1;
    await page.goto(`${stage.url}/sessions/${id}?at=${middle}`);
    const here = page.locator(`[data-entry="${middle}"]`);
    await here.waitFor(LONG);
    await page.getByText('message 599 ').waitFor(LONG);
    const place = await here.boundingBox();
    assert.ok(place && place.y > 0 && place.y < 844, `what the link names stays in sight: ${place?.y}`);
    // Back to the beginning, by scrolling alone.
    await page.waitForFunction(
      () => {
        const area = document.querySelector('[role=region][aria-label^="Messages of"]');
        area.scrollTop = 0;
        return area.querySelector('article').textContent.includes('message 0 with');
      },
      null,
      { timeout: 60_000, polling: 100 },
    );
    const said = await page.locator('article').allTextContents();
    const numbers = said.map((text) => Number(/message (\d+)/.exec(text)[1]));
    assert.deepEqual(numbers, [...numbers.keys()], 'no message is missing or twice');

    await page.getByRole('button', { name: 'Newest', exact: true }).click();
    await page.getByText('message 1199 ').waitFor(LONG);
    appendFileSync(file, record(stage, id, 'written while somebody looks', 1_200));
    await page.getByText('written while somebody looks').waitFor(LONG);
    await page.waitForFunction(() => {
      const area = document.querySelector('[role=region][aria-label^="Messages of"]');
      return area.scrollHeight - area.scrollTop - area.clientHeight < 60;
    });
    await page.screenshot({ path: join(artifacts, 'sessions-reader-390x844.png') });
    assert.deepEqual(await faults(page, []), []);
  });
});

test('a session that was begun by hand goes on as an agent by one tap, and in a copy', async () => {
  const stage = await setStage();
  const begun = spawn('claude', ['-p', 'hello by hand'], {
    cwd: stage.project,
    env: stage.env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  assert.deepEqual(await once(begun, 'exit'), [0, null]);
  await flow(stage, async (complaints) => {
    const { page } = await login(stage, 'phone', 'light', complaints);
    await page.getByRole('link', { name: 'Sessions' }).tap();
    await page.locator('[data-session]', { hasText: 'hello by hand' }).waitFor(LONG);
    await page.screenshot({ path: join(artifacts, 'sessions-list-390x844.png') });
    await page.getByRole('button', { name: 'Resume hello by hand' }).tap();
    await page.waitForURL(/\/agents\/claude-001/, LONG);
    await page.goto(`${stage.url}/sessions`);
    await page.getByRole('button', { name: /^Open claude-001/ }).waitFor(LONG);
    await page.locator('[data-session]', { hasText: 'hello by hand' }).tap();
    // The copy stands on its own: the found session stays with the agent that has it.
    await page.getByRole('button', { name: /^Fork/ }).tap();
    await page.waitForURL(/\/agents\/claude-002/, LONG);
  });
});
