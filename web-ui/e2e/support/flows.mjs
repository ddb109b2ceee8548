// A fake daemon, a browser, and flows that a person goes through with both.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FakeDaemon } from '../../src/testing/fake-daemon/daemon.mjs';
import { launch, open } from './browser.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const out = here('../../../artifacts/flows/');

export const daemon = new FakeDaemon({ dist: here('../../dist/') });
const complaints = [];
let origin;
let browser;

/** Where the daemon is, once flows run. */
export const at = () => origin;

export async function login(size, path = '/') {
  const { context, page } = await open(browser, size, 'dark', complaints);
  await page.goto(`${origin}${path}#login=fake`);
  await page.locator('#stage').waitFor();
  return { context, page };
}

/** Each flow begins with a busy daemon and ends without a complaint of the browser; a picture shows where it ended. */
export function walk(flows) {
  mkdirSync(out, { recursive: true });
  before(async () => {
    origin = `http://127.0.0.1:${await daemon.listen(0)}`;
    browser = await launch();
  });
  after(async () => {
    await browser.close();
    daemon.close();
  });
  for (const [name, flow] of Object.entries(flows)) {
    test(name, async () => {
      daemon.up();
      daemon.load('busy');
      complaints.length = 0;
      try {
        await flow();
        const loud = complaints.filter((text) =>
          /Content Security|TrustedHTML|Trusted Type|Uncaught/i.test(text),
        );
        assert.deepEqual(loud, [], 'the page complains of nothing');
      } finally {
        const file = `${out}${name.slice(0, 40).replaceAll(' ', '-')}.png`;
        for (const context of browser.contexts()) {
          for (const page of context.pages()) await page.screenshot({ path: file }).catch(() => {});
          await context.close();
        }
      }
    });
  }
}
