// How often the page's terminal shows a torn frame while Claude Code redraws in a storm: a recording of it runs in a
// shell of the real daemon, redraw after redraw with 16 ms between, and every painted frame is looked at. A frame is
// torn when its rows are none of the screens that stand between two redraws. Text that is longer than what the kernel
// hands on at once is counted apart. Exits 1 when one frame in a hundred is torn.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { launch, open } from './support/browser.mjs';
import { aboveLast, asText, screensOf } from './support/redraws.mjs';
import { setStage } from './support/stage.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const RECORDING = here('../../testkit/exact/recordings/claude-session.raw');
const PAUSE_MS = 16;
const SIZE = { cols: 120, rows: 40 };
const LIMIT = 0.01;

/** Run in the page before anything else: rows can be read where the DOM draws them. */
function withoutWebgl() {
  const { getContext } = HTMLCanvasElement.prototype;
  HTMLCanvasElement.prototype.getContext = function context(kind, ...rest) {
    return kind.startsWith('webgl') ? null : getContext.call(this, kind, ...rest);
  };
}

/** Run in the page: notes the rows of each frame that differs from the one before. */
function watch() {
  globalThis.frames = [];
  globalThis.painted = 0;
  const look = () => {
    globalThis.painted += 1;
    const rows = [...document.querySelectorAll('.xterm-rows > div')].map((row) => row.textContent.trimEnd());
    const last = globalThis.frames.at(-1);
    if (!last || rows.some((row, at) => row !== last.rows[at])) {
      globalThis.frames.push({ at: globalThis.painted, rows });
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

const { screens, flowing } = await screensOf(readFileSync(RECORDING), SIZE);

/** The frames between the first and the last screen of the recording that are none of its screens, nor within a flow. */
function judge(frames) {
  const texts = frames.map(({ rows }) => asText(rows));
  const sound = texts.map((text) => screens.has(text));
  const shown = texts.slice(sound.indexOf(true), sound.lastIndexOf(true) + 1);
  const between = shown.filter((text) => !screens.has(text));
  const torn = between.filter((text) => !flowing.has(aboveLast(text)) && !flowing.has(text.trimEnd()));
  return { shown: shown.length, flows: between.length - torn.length, torn };
}

const stage = await setStage({ clis: false, model: false });
const browser = await launch();
try {
  await stage.start();
  const call = async (path, body) => {
    const headers = { authorization: `Bearer ${stage.token()}`, 'content-type': 'application/json' };
    const answer = await fetch(stage.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer.status === 204 ? null : answer.json();
  };
  const agent = await call('/api/agents', { kind: 'shell', size: SIZE });
  const { page } = await open(browser, 'desk', 'dark', []);
  await page.addInitScript(withoutWebgl);
  await page.goto(stage.loginUrl);
  await page.locator('#stage').waitFor();
  await page.goto(`${stage.url}/agents/${agent.id}`);
  await page.locator('.xterm-rows > div').first().waitFor();
  await page.evaluate(watch);
  const begun = Date.now();
  // Without echo: the terminal answers what the recording asks, and nobody reads it.
  const line = `stty -echo; ${process.execPath} ${here('./replay.mjs')} ${RECORDING} ${PAUSE_MS}`;
  await call(`/api/agents/${agent.id}/input`, { text: `${line}\n` });
  // The row that it ends on is not empty before: what stood there shows behind the word.
  await page.waitForFunction(
    () =>
      [...document.querySelectorAll('.xterm-rows > div')].some((row) =>
        row.textContent.startsWith('replayed'),
      ),
    null,
    { timeout: 120_000 },
  );
  const { frames, painted } = await page.evaluate(() => ({
    frames: globalThis.frames,
    painted: globalThis.painted,
  }));
  const { shown, flows, torn } = judge(frames);
  console.log(
    `${((Date.now() - begun) / 1000).toFixed(1)} s, ${painted} frames painted, ${shown} different ones of the ` +
      `recording's ${screens.size} screens: ${torn.length} torn; ${flows} within more text than a terminal gets at once`,
  );
  if (process.env.SHOW_TORN) for (const text of torn) console.log(text, '\n');
  process.exitCode = torn.length < shown * LIMIT ? 0 : 1;
} finally {
  await browser.close();
  await stage.end();
}
