// How smoothly ten thousand tasks scroll, at 300 pixels a frame, six rows, as after a hard flick: down to the end while older ones are read, then
// up again through all of them. Prints what the main thread works for each frame, and the times between frames, which
// are later where other programs run. Exits 1 when that work is more than half a frame, or when rows are missing.
import { fileURLToPath } from 'node:url';
import { FakeDaemon } from '../src/testing/fake-daemon/daemon.mjs';
import { task } from '../src/testing/fake-daemon/world.mjs';
import { launch, open } from './support/browser.mjs';
import { settled } from './support/settled.mjs';

const TASKS = 10_000;
const STEP = 300;
/** Half a frame of a screen of 60 Hz. */
const LIMIT_MS = 8;

/** Run in the page: scrolls until the end of all there is to read, or the beginning; what each frame was like. */
function scroll({ step, tasks }) {
  const area = document.querySelector('[aria-label="Tasks"] .scroll-y');
  const { left, top, width, height } = area.getBoundingClientRect();
  const gaps = [];
  let blank = 0;
  return new Promise((done) => {
    let last = performance.now();
    const next = (now) => {
      gaps.push(now - last);
      last = now;
      const row = document.elementFromPoint(left + width / 2, top + height / 2)?.closest('[data-task]');
      if (!row) blank += 1;
      const { scrollTop, scrollHeight, clientHeight } = area;
      const read = area.querySelector(`[aria-label="${tasks} tasks"]`) !== null;
      const over = step > 0 ? read && scrollTop >= scrollHeight - clientHeight - 1 : scrollTop === 0;
      if (over) return done({ gaps: gaps.slice(1), blank });
      area.scrollBy(0, step);
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
}

const daemon = new FakeDaemon({ dist: fileURLToPath(new URL('../dist/', import.meta.url)) });
const port = await daemon.listen(0);
daemon.tasks = Array.from({ length: TASKS }, (_, i) =>
  task({ id: i + 1, title: `Piece of work ${i + 1}`, specialist: ['droid', 'cursor', 'aider'][i % 3] }),
);
const browser = await launch();
const { context, page } = await open(browser, 'desk', 'dark', []);
const cdp = await context.newCDPSession(page);
await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });

/** Milliseconds that the main thread has worked. */
async function worked() {
  const { metrics } = await cdp.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration').value * 1000;
}

await page.goto(`http://127.0.0.1:${port}/tasks#login=fake`);
await page.locator('ul [data-task]').first().waitFor();
await settled(page);
let sound = true;
for (const [step, name] of [
  [STEP, 'down, older ones being read'],
  [-STEP, 'up, all of them there'],
]) {
  const before = await worked();
  const { gaps, blank } = await page.evaluate(scroll, { step, tasks: TASKS });
  const each = ((await worked()) - before) / gaps.length;
  const sorted = gaps.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  const show = (value) => `${value.toFixed(1)} ms`;
  console.log(
    `${TASKS} tasks, ${name}: ${gaps.length} frames, ${show(each)} of work for each; ` +
      `between two p50 ${show(at(0.5))}, p95 ${show(at(0.95))}, longest ${show(sorted.at(-1))}; ${blank} without rows`,
  );
  sound &&= each < LIMIT_MS && blank === 0;
}
await browser.close();
daemon.close();
process.exit(sound ? 0 : 1);
