// How busy fifty changing screens keep the page's main thread: prints a share, exits 1 above 30 %.
import { fileURLToPath } from 'node:url';
import { FakeDaemon } from '../src/testing/fake-daemon/daemon.mjs';
import { agent } from '../src/testing/fake-daemon/world.mjs';
import { launch, open } from './support/browser.mjs';
import { settled } from './support/settled.mjs';

const SECONDS = 10;
const LIMIT = 0.3;
const daemon = new FakeDaemon({ dist: fileURLToPath(new URL('../dist/', import.meta.url)) });
const port = await daemon.listen(0);
daemon.agents = Array.from({ length: 50 }, (_, i) =>
  agent(
    { id: `droid-${String(i + 1).padStart(3, '0')}`, kind: ['claude', 'codex', 'shell'][i % 3] },
    { state: 'busy' },
  ),
);
const browser = await launch();
const { context, page } = await open(browser, 'desk', 'dark', []);
// All fifty in sight, as on a wall-sized screen.
await page.setViewportSize({ width: 2560, height: 2300 });
await page.goto(`http://127.0.0.1:${port}/wall#login=fake`);
await page.locator('canvas').nth(49).waitFor();
await settled(page);
const cdp = await context.newCDPSession(page);
await cdp.send('Performance.enable');
const read = async () =>
  (await cdp.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration').value;
const before = await read();
await page.waitForTimeout(SECONDS * 1000);
const share = ((await read()) - before) / SECONDS;
console.log(`50 screens, all changing twice a second: ${(share * 100).toFixed(1)} % of the main thread`);
await browser.close();
daemon.close();
process.exit(share < LIMIT ? 0 : 1);
