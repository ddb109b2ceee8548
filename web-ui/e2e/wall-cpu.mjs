// How busy fifty changing screens keep the page's main thread: as agents draw, and with every row another at every
// tick. Prints a share for each, exits 1 when one is above 30 %.
import { fileURLToPath } from 'node:url';
import { FakeDaemon } from '../src/testing/fake-daemon/daemon.mjs';
import { agent } from '../src/testing/fake-daemon/world.mjs';
import { launch, open } from './support/browser.mjs';
import { settled } from './support/settled.mjs';

const SECONDS = 10;
const LIMIT = 0.3;
const daemon = new FakeDaemon({ dist: fileURLToPath(new URL('../dist/', import.meta.url)) });
const port = await daemon.listen(0);
const browser = await launch();
const { context, page } = await open(browser, 'desk', 'dark', []);
// All fifty in sight, as on a wall-sized screen.
await page.setViewportSize({ width: 2560, height: 2300 });
const cdp = await context.newCDPSession(page);
// Its own time only: what other programs take from it on a busy machine is not its work.
await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });

/** Seconds that the main thread has worked. */
async function worked() {
  const { metrics } = await cdp.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration').value;
}

/** The share of `SECONDS` that the main thread worked. */
async function share(storms) {
  daemon.agents = Array.from({ length: 50 }, (_, i) => ({
    ...agent(
      { id: `droid-${String(i + 1).padStart(3, '0')}`, kind: ['claude', 'codex', 'shell'][i % 3] },
      { state: 'busy' },
    ),
    storms,
  }));
  await page.goto(`http://127.0.0.1:${port}/wall${storms ? '' : '#login=fake'}`);
  await page.locator('canvas').nth(49).waitFor();
  await settled(page);
  const before = await worked();
  const from = performance.now();
  // The time itself is what is measured over.
  await page.waitForTimeout(SECONDS * 1000);
  const after = await worked();
  return ((after - before) * 1000) / (performance.now() - from);
}

let most = 0;
for (const [storms, name] of [
  [false, 'as agents draw'],
  [true, 'every row, 15 colours in each'],
]) {
  const found = await share(storms);
  most = Math.max(most, found);
  console.log(
    `50 screens, all changing twice a second, ${name}: ${(found * 100).toFixed(1)} % of the main thread`,
  );
}
await browser.close();
daemon.close();
process.exit(most < LIMIT ? 0 : 1);
