// How long a key takes to come back to the page's screen, at the seat of a shell of the real daemon that runs `cat`:
// from the keydown to the socket, from there to the frame with its echo, and to the paint behind it. Once alone, once
// with a flood beside it. Prints a table; asserts nothing.
import { launch, open } from './support/browser.mjs';
import { setStage } from './support/stage.mjs';

const KEYS = 100;
/** Longer than a fast typist's, so that each echo is its own. */
const BETWEEN_MS = 60;

/** Run in the page before anything else: notes when keys, sent messages, frames of one terminal and paints happen. */
function note(session) {
  const noted = { keys: [], sent: [], frames: [], painted: [] };
  globalThis.noted = noted;
  addEventListener('keydown', () => noted.keys.push(performance.now()), { capture: true });
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function noting(data) {
    if (typeof data === 'string' && data.includes('"terminal_input"')) noted.sent.push(performance.now());
    return send.call(this, data);
  };
  // Frames carry a channel; the one that was last given to this terminal is its own.
  let channel = 0;
  const Socket = globalThis.WebSocket;
  globalThis.WebSocket = class extends Socket {
    constructor(...args) {
      super(...args);
      this.addEventListener('message', ({ data }) => {
        if (typeof data === 'string') {
          if (!data.includes('"subscribed"')) return;
          const told = JSON.parse(data);
          if (told.session_id === session) channel = told.channel;
          return;
        }
        if (new DataView(data).getUint32(1) !== channel) return;
        const at = performance.now();
        noted.frames.push(at);
        // The emulator parses, then draws in the next animation frame; that one is on the screen with the one after.
        requestAnimationFrame(() =>
          requestAnimationFrame(() => noted.painted.push({ frame: at, at: performance.now() })),
        );
      });
    }
  };
}

/** Waits until the echo of the last of so many keys is on the screen; echoes that come close together share a frame. */
const echoed = (page, keys) =>
  page.waitForFunction(
    (count) => noted.sent.length >= count && noted.painted.some(({ frame }) => frame >= noted.sent.at(-1)),
    keys,
  );

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const row = (name, values) => {
  const sorted = values.toSorted((a, b) => a - b);
  const show = (value) => `${value.toFixed(1)} ms`.padStart(10);
  console.log(
    `${name.padEnd(34)} p50 ${show(at(sorted, 0.5))}  p95 ${show(at(sorted, 0.95))}  n ${values.length}`,
  );
};

async function measure(page, name) {
  await page.evaluate(() => {
    for (const list of Object.values(noted)) list.length = 0;
  });
  for (let key = 0; key < KEYS; key += 1) {
    await page.keyboard.press('abcdefghij'[key % 10]);
    // A person's pace, which nothing tells of.
    await page.waitForTimeout(BETWEEN_MS);
  }
  await echoed(page, KEYS);
  const { keys, sent, frames, painted } = await page.evaluate(() => noted);
  const after = (list, from) => list.find((time) => time >= from);
  const trips = keys
    .map((key) => {
      const out = after(sent, key);
      const back = out && after(frames, out);
      const paint = back && painted.find(({ frame }) => frame === back)?.at;
      return { out: out - key, back: back - out, paint: paint - key };
    })
    .filter(({ paint }) => Number.isFinite(paint));
  row(
    `${name}: key to socket`,
    trips.map(({ out }) => out),
  );
  row(
    `${name}: socket to echo`,
    trips.map(({ back }) => back),
  );
  row(
    `${name}: key to paint`,
    trips.map(({ paint }) => paint),
  );
}

const stage = await setStage({ clis: false, model: false });
const browser = await launch();
try {
  await stage.start();
  const call = async (path, body) => {
    const headers = { authorization: `Bearer ${stage.token()}`, 'content-type': 'application/json' };
    const answer = await fetch(stage.url + path, {
      method: body ? 'POST' : 'GET',
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer.status === 204 ? null : answer.json();
  };
  const shows = ({ id }, row) => call(`/api/agents/${id}/screen?until=${encodeURIComponent(row)}`);
  const typist = await call('/api/agents', { kind: 'shell' });
  const loud = await call('/api/agents', { kind: 'shell' });
  const { page } = await open(browser, 'desk', 'dark', []);
  await page.addInitScript(note, typist.session_id);
  await page.goto(stage.loginUrl);
  await page.locator('#stage').waitFor();
  await page.goto(`${stage.url}/agents/${typist.id}?with=${loud.id}`);
  const take = page.getByRole('button', { name: /take the keyboard|^type$/i }).first();
  await take.click();
  await page.getByText('You type').waitFor();
  await page.waitForFunction(() => document.activeElement?.closest('.terminal-host'));
  await page.keyboard.type("echo rea''dy; cat\n");
  await shows(typist, '^ready$');
  await measure(page, 'alone');
  await call(`/api/agents/${loud.id}/input`, { text: 'yes "a line of a flood that goes on"\n' });
  await shows(loud, '^a line of a flood');
  await measure(page, 'a flood beside it');
} finally {
  await browser.close();
  await stage.end();
}
