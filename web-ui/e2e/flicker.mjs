// How often the page's terminal flickers while Claude Code redraws in a storm: a recording of it runs in a shell of the
// real daemon, redraw after redraw with 16 ms between, and every painted frame is looked at. A row flickers when it is
// something else for one or two frames and then again what it was. A frame with such a row is a torn one.
import { fileURLToPath } from 'node:url';
import { launch, open } from './support/browser.mjs';
import { setStage } from './support/stage.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const RECORDING = here('../../testkit/exact/recordings/claude-session.raw');
const PAUSE_MS = 16;

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

/** Frames in which a row is neither what it was before nor what it stays. */
function tornFrames(frames) {
  const torn = new Set();
  let rows = 0;
  for (let at = 1; at < frames.length - 1; at += 1) {
    const before = frames[at - 1];
    const now = frames[at];
    for (const later of frames.slice(at + 1, at + 3)) {
      if (later.at - now.at > 2) break;
      const flickered = now.rows.filter(
        (row, line) => row !== before.rows[line] && later.rows[line] === before.rows[line],
      ).length;
      if (flickered > 0) {
        torn.add(at);
        rows += flickered;
        break;
      }
    }
  }
  return { torn: torn.size, rows };
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
  const agent = await call('/api/agents', { kind: 'shell', size: { cols: 120, rows: 40 } });
  const { page } = await open(browser, 'desk', 'dark', []);
  await page.addInitScript(withoutWebgl);
  await page.goto(stage.loginUrl);
  await page.locator('#stage').waitFor();
  await page.goto(`${stage.url}/agents/${agent.id}`);
  await page.locator('.xterm-rows > div').first().waitFor();
  await page.evaluate(watch);
  const begun = Date.now();
  const line = `${process.execPath} ${here('./replay.mjs')} ${RECORDING} ${PAUSE_MS}`;
  await call(`/api/agents/${agent.id}/input`, { text: line, keys: ['Enter'] });
  await page.waitForFunction(
    () =>
      [...document.querySelectorAll('.xterm-rows > div')].some(
        (row) => row.textContent.trim() === 'replayed',
      ),
    null,
    { timeout: 120_000 },
  );
  const { frames, painted } = await page.evaluate(() => ({
    frames: globalThis.frames,
    painted: globalThis.painted,
  }));
  const { torn, rows } = tornFrames(frames);
  console.log(
    `${((Date.now() - begun) / 1000).toFixed(1)} s, ${painted} frames painted, ${frames.length} of them different: ` +
      `${torn} torn (${rows} rows that flickered)`,
  );
} finally {
  await browser.close();
  await stage.end();
}
