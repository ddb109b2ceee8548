// What a person does with found sessions, in headless Chromium against the fake daemon.
import assert from 'node:assert/strict';
import { many } from '../src/testing/fake-daemon/sessions.mjs';
import { daemon, login, walk } from './support/flows.mjs';

walk({
  async 'ten thousand sessions scroll like ten, and the keys go through them'() {
    daemon.sessions = many(10_000);
    const { context, page } = await login('desk', '/sessions');
    const rows = page.locator('[data-session]');
    await rows.first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL(/sessions\/m1$/);
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.waitForURL(/sessions$/);
    const frames = await page.evaluate(async () => {
      const area = document.querySelector('[data-session]').closest('.scroll-y');
      const frame = () => new Promise((done) => requestAnimationFrame(done));
      const all = () => document.querySelector('ul[aria-label="10000 sessions"]');
      const frames = [];
      while (!all() || area.scrollTop < area.scrollHeight - area.clientHeight - 1) {
        const from = performance.now();
        area.scrollTop += 2_000;
        await frame();
        frames.push(performance.now() - from);
        if (document.querySelectorAll('[data-session]').length > 80) return null;
      }
      frames.sort((a, b) => a - b);
      return { middle: frames[frames.length >> 1], longest: frames.at(-1), count: frames.length };
    });
    assert.ok(frames, 'only the rows in sight exist');
    await page.locator('[data-session=m9999]').waitFor();
    const { middle, longest, count } = frames;
    console.log(
      `# 10 000 sessions in ${count} steps: ${middle.toFixed(1)} ms in the middle, ${longest.toFixed(0)} at most`,
    );
    await context.close();
  },

  async 'what no name holds is looked for in all sessions, from the palette'() {
    const { context, page } = await login('desk');
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder(/agents, tasks/i).fill('ten thousand');
    await page.getByRole('option', { name: /Search all sessions/ }).click();
    await page.waitForURL(/sessions\?q=ten/);
    await page.locator('mark', { hasText: 'ten' }).first().waitFor();
    // A found session that ended goes on by one press.
    await page.getByRole('button', { name: 'Resume Ship the session page' }).click();
    await page.waitForURL(/agents\/claude-/);
    await context.close();
  },
});
