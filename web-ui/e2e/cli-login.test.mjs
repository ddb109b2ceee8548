// `orchestra login` at a real OpenID provider: by device code, where the person confirms in Chromium what the terminal
// shows, and by the way back to a port on loopback.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startProvider } from '../../testkit/oidc/server.mjs';
import { launch, open } from './support/browser.mjs';
import { setStage } from './support/stage.mjs';

const LONG = { timeout: 30_000 };
let browser;
let stage;
let provider;

before(async () => {
  browser = await launch();
  // Tokens end so soon that every command has to renew.
  provider = await startProvider({ origin: 'http://127.0.0.1:9', life: 20 });
  stage = await setStage({ clis: false, model: false });
  stage.configure(`
[auth]
login = "oidc"
issuer = "${provider.issuer}"
audience = "${provider.audience}"
client_id = "${provider.client_id}"
cli_client_id = "${provider.cli_client_id}"
clients = ["${provider.cli_client_id}"]
`);
  await stage.start();
});

after(async () => {
  await browser.close();
  await stage.end();
  await provider.close();
});

/** Starts a command against the daemon's address; its output grows in `said`. */
function begin(...args) {
  const child = spawn(stage.binary, [...args, '--url', stage.url], { env: stage.env, cwd: stage.project });
  const command = { child, said: '', ended: once(child, 'close') };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part) => {
      command.said += part;
    });
  }
  return command;
}

async function run(...args) {
  const command = begin(...args);
  const [code] = await command.ended;
  return { code, said: command.said };
}

/** Waits for what a command says. */
async function hears(command, pattern) {
  for (;;) {
    const found = pattern.exec(command.said);
    if (found) return found;
    assert.equal(command.child.exitCode, null, command.said);
    await Promise.race([
      once(command.child.stdout, 'data'),
      once(command.child.stderr, 'data'),
      command.ended,
    ]);
  }
}

const keptFile = () => {
  const folder = join(stage.dir, 'home/.config/orchestra/logins');
  const [name] = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return join(folder, name);
};

test('a code that the person confirms logs the command line in, and it renews itself', async () => {
  assert.match((await run('status')).said, /orchestra login/);
  const login = begin('login');
  const [, address] = await hears(login, /browser: (\S+)/);
  const [, code] = await hears(login, /the code (\S+)/);
  const { page, context } = await open(browser, 'desk', 'dark', []);
  await page.goto(address);
  await page.getByText(code).waitFor(LONG);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.locator('input[name=login]').fill('dev-terminal', LONG);
  await page.locator('input[name=password]').fill('any');
  await page.locator('button[type=submit]').click();
  await page.getByRole('button', { name: 'Continue' }).click(LONG);
  await page.getByText('Sign-in Success').waitFor(LONG);
  const [ended] = await login.ended;
  assert.equal(ended, 0, login.said);
  assert.match(login.said, /as dev-terminal, developer/);

  assert.equal(statSync(keptFile()).mode & 0o777, 0o600);
  const before = JSON.parse(readFileSync(keptFile(), 'utf8'));
  assert.doesNotMatch(login.said, /eyJ/);
  const status = await run('status', '--json');
  assert.equal(status.code, 0, status.said);
  const kept = JSON.parse(readFileSync(keptFile(), 'utf8'));
  assert.notEqual(kept.access_token, before.access_token);
  assert.notEqual(kept.renewal.token, before.renewal.token, 'a refresh token works once');
  // Two commands at once do not use one refresh token twice: the provider would end the login.
  const both = await Promise.all([run('status'), run('status'), run('status')]);
  assert.deepEqual(
    both.map(({ code }) => code),
    [0, 0, 0],
    both.map(({ said }) => said).join(),
  );
  const refused = await run('user', 'list');
  assert.equal(refused.code, 4, refused.said);
  const out = await run('logout');
  assert.equal(out.code, 0, out.said);
  assert.equal((await run('status')).code, 4);
  await context.close();
});

test('a browser on this machine logs the command line in, and only its own answer counts', async () => {
  const login = begin('login', '--browser');
  const [, address] = await hears(login, /on this machine: (\S+)/);
  const asked = new URL(address).searchParams;
  const back = new URL(asked.get('redirect_uri'));
  assert.deepEqual([back.hostname, back.pathname], ['127.0.0.1', '/callback']);
  assert.equal(asked.get('code_challenge_method'), 'S256');
  // Whoever guesses the port gets nowhere: without the state, under another name, with two answers.
  const state = asked.get('state');
  for (const [query, headers, status] of [
    ['code=made-up&state=made-up', {}, 400],
    [`code=made-up&state=${state}&state=x`, {}, 400],
    [`code=made-up&state=${state}&iss=https://evil.example`, {}, 400],
  ]) {
    const answer = await fetch(`${back}?${query}`, { headers });
    assert.equal(answer.status, status, query);
    assert.equal(answer.headers.get('content-security-policy'), "default-src 'none'");
  }
  assert.equal(
    (await fetch(`${back.href.replace('127.0.0.1', 'localhost')}?code=x&state=${state}`)).status,
    421,
  );
  const { page, context } = await open(browser, 'desk', 'dark', []);
  await page.goto(address);
  await page.locator('input[name=login]').fill('admin-terminal', LONG);
  await page.locator('input[name=password]').fill('any');
  await page.locator('button[type=submit]').click();
  await page.getByRole('button', { name: 'Continue' }).click(LONG);
  await page.getByText('Go back to the terminal').waitFor(LONG);
  const [ended] = await login.ended;
  assert.equal(ended, 0, login.said);
  assert.match(login.said, /as admin-terminal, admin/);
  assert.doesNotMatch(login.said, /eyJ/);
  assert.equal(statSync(keptFile()).mode & 0o777, 0o600);
  await assert.rejects(fetch(back), 'the port is closed');
  // Its token ends within seconds: this renews it.
  assert.equal((await run('user', 'list')).code, 0);
  assert.equal((await run('logout')).code, 0);
  await context.close();
});

test('a refusal at the provider is told', async () => {
  const login = begin('login', '--browser');
  const [, address] = await hears(login, /on this machine: (\S+)/);
  const { page, context } = await open(browser, 'desk', 'dark', []);
  await page.goto(address);
  await page.getByText('Cancel').click(LONG);
  const [code] = await login.ended;
  assert.equal(code, 1, login.said);
  assert.match(login.said, /refuses/);
  await context.close();
});

test('a person who aborts ends the wait', async () => {
  const login = begin('login');
  const [, address] = await hears(login, /browser: (\S+)/);
  const { page, context } = await open(browser, 'desk', 'dark', []);
  await page.goto(address);
  await page.getByRole('button', { name: /abort/i }).click(LONG);
  const [code] = await login.ended;
  assert.equal(code, 1, login.said);
  assert.match(login.said, /refuses/);
  await context.close();
});
