// Web push from end to end: switched on in the page, sent by the real daemon, decrypted by a push service of the test,
// handed to the real service worker by CDP, shown, and clicked.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch, open } from './support/browser.mjs';
import { PushService, standIn } from './support/push-service.mjs';
import { setStage } from './support/stage.mjs';
import { until } from './support/until.mjs';

const artifacts = process.env.ARTIFACTS ?? fileURLToPath(new URL('../../artifacts/e2e', import.meta.url));
mkdirSync(artifacts, { recursive: true });

/** The browser's own way to the service worker of the page. */
async function worker(context, page) {
  const cdp = await context.newCDPSession(page);
  const registered = new Promise((done) => {
    cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const [found] = registrations.filter((one) => !one.isDeleted);
      if (found) done(found.registrationId);
    });
  });
  await cdp.send('ServiceWorker.enable');
  const registrationId = await registered;
  const origin = new URL(page.url()).origin;
  return (data) => cdp.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data });
}

/** What the browser shows now. */
const shown = (page) =>
  page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    const list = await registration.getNotifications();
    return list.map(({ title, body, tag, data }) => ({ title, body, tag, link: data?.link }));
  });

test('a notification goes from the daemon to the screen and back to its place in the page', async () => {
  const stage = await setStage({ clis: false, model: false });
  stage.configure('\n[push]\nprivate_endpoints = true\n');
  const service = await new PushService().start();
  const browser = await launch();
  try {
    await stage.start();
    const { context, page } = await open(browser, 'desk', 'dark', []);
    await context.grantPermissions(['notifications'], { origin: stage.url });
    await page.addInitScript(standIn, service.subscription());
    await page.goto(stage.loginUrl);
    await page.locator('#stage').waitFor();
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.goto(`${stage.url}/settings`);

    await page.getByRole('button', { name: 'Switch on here' }).click();
    const results = page.getByRole('switch', { name: 'Results' });
    await results.waitFor();
    assert.equal(await results.getAttribute('aria-checked'), 'true');

    // The button, its log, and a failure in its own words.
    await page.getByRole('button', { name: 'Send a test' }).click();
    await page.locator('[data-delivery="sent"]').getByText('Notifications arrive').waitFor();
    assert.equal(JSON.parse(service.arrived[0].text).kind, 'test');
    service.answers.push(403);
    await page.getByRole('button', { name: 'Send a test' }).click();
    await page
      .locator('[data-delivery="failed"]')
      .getByText(/refused this daemon's key/)
      .waitFor();
    await page.screenshot({ path: join(artifacts, 'push-settings.png'), fullPage: true });

    // Whoever looks at the page is told there.
    const deliver = await worker(context, page);
    const before = service.arrived.length;
    await page.mouse.move(300, 300);
    await delegate(stage, 'true');
    // While the page is loaded anew nobody looks at it.
    const deliveries = async () => (await call(stage, 'GET', '/api/push/deliveries')).items;
    await until(
      async () => (await deliveries()).some(({ state }) => state === 'dropped'),
      'the message to be dropped',
    );
    await page.reload();
    await page.locator('[data-delivery="dropped"]').getByText('you looked at the page').waitFor();
    assert.equal(service.arrived.length, before);

    // A person's task ends while nobody looks: the daemon tells, and the service worker shows it.
    await page.goto('about:blank');
    await delegate(stage, 'echo canary-51c2');
    await until(() => service.arrived.length > before, 'the message of the daemon');
    const { text } = service.arrived.at(-1);
    const said = JSON.parse(text);
    assert.equal(said.title, 'Task 2 is done');
    assert.ok(!text.includes('canary-51c2'), 'nothing of what was written');
    await page.goto(`${stage.url}/settings`);
    await results.waitFor();

    // A page in front needs none; one that is not gets it.
    await page.bringToFront();
    const other = await context.newPage();
    await other.goto('about:blank');
    // Until it stands there: the browser takes a moment to call the page one that nobody looks at, and a click on a
    // notification puts it in front again.
    const arrives = async (message, tag) => {
      await other.bringToFront();
      let looks = 0;
      await until(
        async () => {
          // Seldom, so that none comes behind the one that is seen.
          if (looks++ % 50 === 0) await deliver(message);
          return (await shown(page)).some((one) => !tag || one.tag === tag);
        },
        `the notification ${tag ?? ''}`,
      );
    };
    await arrives(text);
    assert.deepEqual(await shown(page), [
      { title: 'Task 2 is done', body: said.body, tag: 'task-2', link: '/tasks/2' },
    ]);

    // The click leads the open page to the task.
    const [running] = context.serviceWorkers();
    const click = () =>
      running.evaluate(async () => {
        const [notification] = await self.registration.getNotifications();
        self.dispatchEvent(new NotificationEvent('notificationclick', { notification }));
      });
    await click();
    await page.waitForURL(`${stage.url}/tasks/2`);
    assert.deepEqual(await shown(page), [], 'it is gone once it was clicked');

    // What cannot be read is still shown, and leads home.
    await arrives('no json');
    const [unread] = await shown(page);
    assert.equal(unread.title, 'Orchestra');
    await click();
    await page.waitForURL(`${stage.url}/`);

    // What was answered somewhere else goes again, and nothing else does.
    const asked = { kind: 'approval', title: 'droid-001 asks', body: '', link: '/approvals', at: said.at };
    for (const tag of ['approval-1', 'approval-2']) await arrives(JSON.stringify({ ...asked, tag }), tag);
    assert.equal((await shown(page)).length, 2);
    await deliver(JSON.stringify({ ...asked, kind: 'withdrawn', tag: 'approval-1' }));
    await until(
      async () => (await shown(page)).map(({ tag }) => tag).join() === 'approval-2',
      'the first to go',
    );

    // A switch holds: results off, and the next task is told to nobody.
    await page.goto(`${stage.url}/settings`);
    await results.click();
    await page.waitForFunction(
      () => document.querySelectorAll('[role="switch"][aria-checked="false"]').length === 1,
    );
    const told = service.arrived.length;
    await page.goto('about:blank');
    await delegate(stage, 'true');
    await page.goto(`${stage.url}/settings`);
    await page.getByRole('button', { name: 'Send a test' }).click();
    await until(() => service.arrived.length > told, 'the test behind it');
    assert.equal(JSON.parse(service.arrived.at(-1).text).kind, 'test');
    assert.equal(service.arrived.length, told + 1);

    // Logged out, it is told nothing more.
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByText('Get a login link').waitFor();
    const last = service.arrived.length;
    await delegate(stage, 'exit 3');
    await page.goto(stage.link());
    await page.locator('#stage').waitFor();
    await page.goto(`${stage.url}/settings`);
    await page.getByRole('button', { name: 'Switch on here' }).waitFor();
    assert.equal(service.arrived.length, last);
    await context.close();
  } finally {
    await browser.close();
    service.close();
    await stage.end();
  }
});

/** Hands a shell a task as the owner, and waits for its end. */
async function delegate(stage, task) {
  const { id } = await call(stage, 'POST', '/api/delegate', { kind: 'shell', task });
  await call(stage, 'GET', `/api/tasks/${id}/wait?timeout_ms=60000`);
}

async function call(stage, method, path, body) {
  stage.pass ??= stage.token();
  const headers = {
    authorization: `Bearer ${stage.pass}`,
    ...(body && { 'content-type': 'application/json' }),
  };
  const answer = await fetch(stage.url + path, { method, headers, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${path}: ${await answer.clone().text()}`);
  return answer.json();
}
