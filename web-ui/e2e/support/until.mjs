// Waiting for what happens outside of a page.
import assert from 'node:assert/strict';

/** Waits for something that shows outside of the page; the probe may answer with a promise. */
export async function until(probe, what) {
  for (let left = 6_000; !(await probe()); left -= 1) {
    assert.ok(left > 0, `waited in vain for ${what}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}
