// Login with a real OpenID provider: many by API and in Chromium, renewal, and a logout that ends every tab.
// LOGINS and BROWSER_LOGINS say how many in a row.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { logIn, refresh } from '../../testkit/oidc/login.mjs';
import { startProvider } from '../../testkit/oidc/server.mjs';
import { launch, open } from './support/browser.mjs';
import { setStage } from './support/stage.mjs';

const LOGINS = Number(process.env.LOGINS ?? 180);
const BROWSER_LOGINS = Number(process.env.BROWSER_LOGINS ?? 20);
const LONG = { timeout: 60_000 };
let browser;
let stage;
let provider;
let origin;

before(async () => {
  browser = await launch();
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  provider = await startProvider({ origin, life: 40 });
  stage = await setStage({ clis: false, model: false });
  stage.port = port;
  // The wrong tokens below are sent on purpose, all from one address.
  stage.configure(`
[limits]
login_attempts_per_minute = 100000
requests_per_minute = 100000

[auth]
login = "oidc"
issuer = "${provider.issuer}"
audience = "${provider.audience}"
client_id = "${provider.client_id}"
`);
  await stage.start();
});

after(async () => {
  await browser.close();
  await stage.end();
  await provider.close();
});

const as = (token) => ({ headers: { authorization: `Bearer ${token}` } });

test(`${LOGINS} logins by API in a row`, async (self) => {
  const begun = performance.now();
  let good = 0;
  for (let number = 0; number < LOGINS; number += 1) {
    const name = ['admin', 'dev', 'view', 'guest'][number % 4];
    const answer = await logIn({ ...provider, origin, name: `${name}-${number}` });
    const me = await fetch(`${origin}/api/me`, as(answer.access_token));
    assert.equal(me.status, 200, `login ${number}`);
    const { principal, roles } = await me.json();
    assert.equal(principal.subject, `${name}-${number}`);
    assert.equal(principal.issuer, provider.issuer);
    const role = { admin: 'admin', dev: 'developer', view: 'viewer' }[name];
    assert.deepEqual(roles, role ? [role] : []);
    const audit = await fetch(`${origin}/api/audit?limit=1`, as(answer.access_token));
    assert.equal(audit.status, name === 'admin' ? 200 : 403);
    const agents = await fetch(`${origin}/api/agents`, as(answer.access_token));
    assert.equal(agents.status, role ? 200 : 403, 'a token without permissions opens nothing');
    // J16: what else the provider hands out is no access token.
    assert.equal((await fetch(`${origin}/api/me`, as(answer.id_token))).status, 401);
    assert.equal((await fetch(`${origin}/api/me`, as(answer.refresh_token))).status, 401);
    const renewed = await refresh(provider, answer.refresh_token);
    assert.equal((await fetch(`${origin}/api/me`, as(renewed.access_token))).status, 200);
    good += 1;
  }
  count(self, good, LOGINS, begun);
});

test(`u03 ${BROWSER_LOGINS} logins in Chromium in a row keep no token anywhere`, async (self) => {
  const begun = performance.now();
  let good = 0;
  for (let number = 0; number < BROWSER_LOGINS; number += 1) {
    const complaints = [];
    const { page, context } = await open(browser, 'desk', 'dark', []);
    page.on('console', (message) => {
      const ours = message.location().url.startsWith(origin);
      if (ours && ['error', 'warning'].includes(message.type())) {
        complaints.push(`${message.location().url}: ${message.text()}`);
      }
    });
    await enter(page, `dev-browser-${number}`, '/tasks');
    assert.equal(new URL(page.url()).pathname, '/tasks', 'back where the person wanted to go');
    assert.equal(new URL(page.url()).search, '', 'the code leaves the address');
    assert.deepEqual(await stored(page), [], 'nothing that looks like a token is kept');
    assert.deepEqual(
      complaints.filter((text) => !/readback|GL Driver/.test(text)),
      [],
    );
    await context.close();
    good += 1;
  }
  count(self, good, BROWSER_LOGINS, begun);
});

test('a token that ends is renewed while the page stays', async () => {
  const { page, context } = await open(browser, 'desk', 'dark', []);
  const tokens = new Set();
  page.on('request', (request) => {
    const value = request.headers().authorization;
    if (value && request.url().startsWith(origin)) tokens.add(value);
  });
  const renewal = page.waitForResponse(
    (response) =>
      response.url().endsWith('/token') && response.request().postData()?.includes('refresh_token') === true,
    LONG,
  );
  await enter(page, 'dev-renews', '/');
  const answer = await renewal;
  assert.equal(answer.status(), 200);
  await page.goto(`${origin}/settings`);
  await page.locator('#stage').waitFor(LONG);
  await page.getByText('Settings').first().waitFor(LONG);
  assert.ok(tokens.size >= 1);
  await context.close();
});

test('u04 a code with a wrong state, and a foreign way back, lead nowhere', async () => {
  const { page, context } = await open(browser, 'desk', 'dark', []);
  await page.goto(`${origin}/?code=made-up&state=made-up`);
  await page.getByRole('button', { name: 'Log in' }).waitFor(LONG);
  assert.equal(new URL(page.url()).search, '');
  await context.close();
});

test('u05 a logout ends every tab and the session at the provider', async () => {
  const { page, context } = await open(browser, 'desk', 'dark', []);
  let token;
  page.on('request', (request) => {
    if (request.url().includes('/api/ws-tickets')) token = request.headers().authorization;
  });
  await enter(page, 'dev-leaves', '/');
  const second = await context.newPage();
  await second.goto(`${origin}/`);
  await second.locator('#stage').waitFor(LONG);
  await page.goto(`${origin}/settings`);
  await page.locator('#stage').waitFor(LONG);
  await page
    .getByRole('button', { name: /log out/i })
    .first()
    .click();
  await page.getByRole('button', { name: /yes, sign me out/i }).click(LONG);
  await page.getByText('You are logged out.').waitFor(LONG);
  await second.getByText('You logged out in another tab.').waitFor(LONG);
  assert.ok(token, 'the page had a token');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.locator('input[name=login]').waitFor(LONG);
  await context.close();
});

/** Says how many went well; one that did not has ended the test before. */
function count(self, good, of, begun) {
  self.diagnostic(`${good} of ${of} logins without a failure, ${Math.round(performance.now() - begun)} ms`);
  assert.equal(good, of);
}

/** Opens a path of the page and goes through the provider's forms. */
async function enter(page, name, path) {
  await page.goto(`${origin}${path}`);
  await page.locator('input[name=login]').fill(name, LONG);
  await page.locator('input[name=password]').fill('any');
  await page.locator('button[type=submit]').click();
  await page.getByRole('button', { name: 'Continue' }).click(LONG);
  await page.locator('#stage').waitFor(LONG);
}

/** Names under which this browser keeps something that looks like a token (U03). */
function stored(page) {
  return page.evaluate(() => {
    const found = [];
    for (const store of [localStorage, sessionStorage]) {
      for (const name of Object.keys(store)) {
        if (/eyJ|access_token|refresh_token/.test(store.getItem(name) ?? '')) found.push(name);
      }
    }
    if (/eyJ|token=/.test(document.cookie + location.href)) found.push('address or cookie');
    return found;
  });
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
