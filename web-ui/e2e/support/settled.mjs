// Waiting for the page to come to rest: by what it is still about to do, never by the clock.

const pending = new WeakMap();

/** Counts the requests of a page from now on. */
export function watchRequests(page) {
  const open = new Set();
  pending.set(page, open);
  page.on('request', (request) => open.add(request));
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => open.delete(request));
  // A document that is left takes its requests with it, and no event tells of each.
  page.on('framenavigated', (frame) => frame === page.mainFrame() && open.clear());
}

/**
 * No request is under way, nothing says that it waits, every screen in sight has its first picture, fonts are there,
 * and no motion is left; for two frames on end.
 */
export async function settled(page, timeout = 15_000) {
  const open = pending.get(page);
  const limit = Date.now() + timeout;
  for (;;) {
    const left = Math.max(1, limit - Date.now());
    await page.waitForFunction(atRest, null, { timeout: left }).catch(async () => {
      throw new Error(`the page does not come to rest: ${await page.evaluate(restless)}`);
    });
    if (!open || open.size === 0) {
      // What a frame begins, such as the next request, shows after it.
      await page.evaluate(
        () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
      );
      if ((!open || open.size === 0) && (await page.evaluate(atRest))) return;
    }
    if (Date.now() > limit) {
      throw new Error(`the page does not come to rest: ${[...open].map((request) => request.url())}`);
    }
  }
}

/** Run in the page. */
function restless() {
  const waits = document.querySelectorAll(
    '[aria-busy="true"], [data-phase="joining"], [data-sampled="awaited"]',
  );
  const moves = document.getAnimations().map((each) => each.animationName ?? each.transitionProperty);
  return [document.fonts.status, ...[...waits].map((each) => each.outerHTML.slice(0, 200)), ...moves].join(
    '; ',
  );
}

/** Run in the page. */
function atRest() {
  const waits = '[aria-busy="true"], [data-phase="joining"], [data-sampled="awaited"]';
  const moves = document
    .getAnimations()
    .some((each) => each.playState === 'running' && Number.isFinite(each.effect.getComputedTiming().endTime));
  return document.fonts.status === 'loaded' && !document.querySelector(waits) && !moves;
}
