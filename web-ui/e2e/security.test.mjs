// What a hostile agent, name or screen may do to the page: nothing. Named by the catalogue in docs/SECURITY-TESTS.md.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open } from './support/browser.mjs';
import { setStage } from './support/stage.mjs';

const LONG = { timeout: 60_000 };
const MARKUP = '<img src=x onerror="window.bitten=1"><script>window.bitten=2</script>';
let browser;
let stage;
let page;
let headers;
const complaints = [];

before(async () => {
  browser = await launch();
  stage = await setStage({ clis: false, model: false });
  await stage.start();
  ({ page } = await open(browser, 'desk', 'dark', complaints));
  page.on('request', (request) => {
    const { authorization } = request.headers();
    if (authorization) headers = { authorization, 'content-type': 'application/json' };
  });
  await page.goto(stage.loginUrl);
  await page.locator('#stage').waitFor(LONG);
});

after(async () => {
  await browser.close();
  await stage.end();
});

async function post(path, body) {
  const answer = await fetch(stage.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

const bitten = () => page.evaluate(() => window.bitten ?? null);

test('u02 markup in titles, messages and tasks is text', async () => {
  const agent = await post('/api/agents', { kind: 'shell', title: MARKUP });
  await post('/api/delegate', { kind: 'shell', title: MARKUP, task: `echo '${MARKUP}'` });
  for (const path of ['/', `/agents/${agent.id}`, '/tasks']) {
    await page.goto(`${stage.url}${path}`);
    await page.getByText('<img src=x onerror=', { exact: false }).first().waitFor(LONG);
    assert.equal(await page.locator('img[src=x]').count(), 0, path);
    assert.equal(await bitten(), null, path);
  }
});

test('w21 a screen can neither set the clipboard, nor title the page, nor run a link', async () => {
  const agent = await post('/api/agents', { kind: 'shell' });
  await page.goto(`${stage.url}/agents/${agent.id}`);
  await page.locator('.xterm').first().waitFor(LONG);
  await page.evaluate(() => {
    window.copied = [];
    const clipboard = navigator.clipboard ?? {};
    clipboard.writeText = (text) => Promise.resolve(window.copied.push(text));
    if (!navigator.clipboard) Object.defineProperty(navigator, 'clipboard', { value: clipboard });
  });
  const output = [
    '\\033]8;;https://elsewhere.example/\\033\\\\go there\\033]8;;\\033\\\\\\n',
    '\\033]52;c;c3RvbGVu\\007',
    '\\033]52;c;?\\007',
    '\\033]2;<b>titled</b>\\007',
    '\\033]8;;javascript:window.bitten=3\\033\\\\click here\\033]8;;\\033\\\\',
  ].join('');
  await post(`/api/agents/${agent.id}/input`, { text: `clear; printf '${output}\\n'; echo sho''wn\r` });
  const screen = await fetch(`${stage.url}/api/agents/${agent.id}/screen?until=shown`, { headers });
  const { text, rows } = await screen.json();
  assert.match(text, /click here/);
  // A click finds the honest link, so the one below it would be found as well.
  const box = await page.locator('.xterm-screen').first().boundingBox();
  const click = async (row) => {
    const at = [box.x + 20, box.y + (row + 0.5) * (box.height / rows)];
    await page.mouse.move(at[0] + 60, at[1]);
    await page.mouse.move(...at);
    await page.mouse.click(...at);
  };
  const asked = page.getByText('https://elsewhere.example/');
  for (let tries = 0; (await asked.count()) === 0; tries += 1) {
    assert.ok(tries < 20, 'the honest link is never asked about');
    await click(0);
    await asked.waitFor({ timeout: 300 }).catch(() => undefined);
  }
  await page.keyboard.press('Escape');
  await asked.waitFor({ state: 'detached', ...LONG });
  await click(1);
  await click(2);
  assert.equal(await page.getByRole('dialog').count(), 0);
  assert.equal(await bitten(), null);
  assert.deepEqual(await page.evaluate(() => window.copied), []);
  assert.doesNotMatch(await page.title(), /titled/);
});

test('u01 the policy stops scripts, frames and requests that are not ours', async () => {
  await page.goto(stage.url);
  await page.locator('#stage').waitFor(LONG);
  assert.deepEqual(
    complaints.filter((text) => !/readback|GL Driver/.test(text)),
    [],
    'normal use breaks no rule',
  );
  await page.evaluate(async () => {
    const rules = new Set();
    window.brokenRules = rules;
    document.addEventListener('securitypolicyviolation', (event) => rules.add(event.effectiveDirective));
    const add = (tag, set) => document.body.append(Object.assign(document.createElement(tag), set));
    try {
      add('script', { text: 'window.bitten=4' });
    } catch {
      rules.add('script text');
    }
    try {
      document.body.insertAdjacentHTML('beforeend', '<i onclick="1"></i>');
    } catch {
      rules.add('markup');
    }
    // In a task of its own: what the test itself is run by is allowed to evaluate.
    await new Promise((resolve) => {
      setTimeout(() => {
        try {
          // biome-ignore lint/security/noGlobalEval: it has to be refused
          globalThis.eval('window.bitten=5');
        } catch {
          rules.add('eval');
        }
        resolve();
      });
    });
    add('iframe', { src: 'https://elsewhere.example/' });
    await fetch('https://elsewhere.example/').catch(() => rules.add('fetch'));
  });
  // The browser tells of the last ones when it gets to it.
  await page.waitForFunction(() => ['connect-src', 'frame-src'].every((rule) => brokenRules.has(rule)));
  const broken = await page.evaluate(() => [...brokenRules]);
  for (const rule of ['script text', 'markup', 'eval', 'fetch', 'connect-src', 'frame-src']) {
    assert.ok(broken.includes(rule), `${rule} is not in ${broken}`);
  }
  assert.equal(await bitten(), null);
  const framed = await fetch(stage.url);
  assert.match(framed.headers.get('content-security-policy'), /frame-ancestors 'none'/);
});
