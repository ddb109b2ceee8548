// Every page and state at the desk and on the phone, against the fake daemon: axe finds nothing, nothing scrolls
// sideways, and the browser complains of nothing, least of all of the content security policy.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FakeDaemon } from '../src/testing/fake-daemon/daemon.mjs';
import { launch, open } from './support/browser.mjs';
import { faults } from './support/faults.mjs';
import { VIEWS, visit } from './support/views.mjs';

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

// Dark and light differ in colours only, which the gallery shows for every size; one of each here.
for (const [size, theme] of [
  ['desk', 'dark'],
  ['phone', 'light'],
]) {
  test(`every view is sound: ${size}, ${theme}`, async (context) => {
    const complaints = [];
    daemon.up();
    daemon.load('busy');
    const session = await open(browser, size, theme, complaints);
    await session.page.goto(`${origin}/#login=fake`);
    await session.page.locator('#stage').waitFor();
    for (const view of VIEWS) {
      await context.test(view[0], async () => {
        complaints.length = 0;
        const { page, context: own } = view[4]?.loggedOut
          ? await open(browser, size, theme, complaints)
          : session;
        await visit(page, origin, daemon, view);
        assert.deepEqual(await faults(page, complaints), []);
        if (page !== session.page) await own.close();
      });
    }
    await session.context.close();
  });
}
