// Worktrees in the page against the fake daemon: read, commented on, merged and removed with what that would lose.
import assert from 'node:assert/strict';
import { daemon, login, walk } from './support/flows.mjs';
import { settled } from './support/settled.mjs';

walk({
  async 'comments on lines go to the agent as one message, and their receipt is shown'() {
    const { context, page } = await login('desk', '/worktrees');
    await page.locator('[data-worktree="w1"]').click();
    await page.getByText('try_lock').waitFor();
    for (const [line, words] of [
      ['+13', 'Say why.'],
      ['-13', 'Was this wrong?'],
    ]) {
      await page.getByRole('button', { name: `Comment on line ${line} of src/session.rs` }).click();
      await page.getByRole('textbox', { name: 'Your comment' }).fill(words);
      await page.getByRole('button', { name: 'Keep it' }).click();
    }
    await page.reload();
    await page.getByText('2 comments for droid-001').waitFor();
    await page.getByRole('button', { name: 'Send as one message' }).click();
    await page.getByText(/Your comments: /).waitFor();
    const { text } = daemon.posted.at(-1);
    assert.match(text, /orchestra\/login-form against main\. Please look at these 2 places/);
    assert.match(text, /src\/session\.rs:13\n> .*told who sits there\.\nSay why\./);
    assert.match(
      text,
      /src\/session\.rs, line 13 before\n> let seat = self\.seat\.lock\(\);\nWas this wrong\?/,
    );
    assert.equal(await page.getByText(/comments? for droid-001/).count(), 0, 'they are sent once');
    await context.close();
  },

  async 'a long diff keeps few rows in the page'() {
    const { context, page } = await login('desk', '/worktrees/w1');
    await page.getByText('try_lock').waitFor();
    const area = page.getByRole('group', { name: 'Changes' });
    await area.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await page.getByText('row 4000 of a long list').waitFor();
    const rows = await area.evaluate((element) => element.firstElementChild.children.length);
    assert.ok(rows < 120, `${rows} rows`);
    // Folded, it is out of the way.
    await area.evaluate((element) => element.scrollTo(0, 0));
    await page.getByRole('button', { name: /src\/session\.rs/, expanded: true }).click();
    await page.getByText('try_lock').waitFor({ state: 'detached' });
    await context.close();
  },

  async 'a merge that brings what tools run, and a removal that loses work, list it and ask'() {
    const { context, page } = await login('phone', '/worktrees/w1');
    await page.getByRole('button', { name: 'Merge into main' }).tap();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('.github/workflows/ci.yml').waitFor();
    await dialog.getByRole('button', { name: 'Leave it' }).tap();
    await dialog.waitFor({ state: 'detached' });
    assert.equal(daemon.worktrees[0].status.merged, false);
    await page.getByRole('button', { name: 'Merge into main' }).tap();
    await dialog.getByRole('button', { name: 'Merge all the same' }).tap();
    await page.getByText('Merged into main').waitFor();
    await page.getByRole('button', { name: 'Worktrees' }).first().tap();
    await page.locator('[data-worktree="w2"]').tap();
    await page.getByRole('button', { name: 'Merge into main' }).tap();
    await dialog.getByText('That does not go now').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).last().tap();
    await page.getByRole('button', { name: 'Remove' }).tap();
    await dialog.getByText('Say who holds the seat').waitFor();
    await settled(page);
    await dialog.getByRole('button', { name: 'Remove and lose this' }).tap();
    await page.locator('[data-worktree="w1"]').waitFor();
    assert.deepEqual(
      daemon.worktrees.map(({ id }) => id),
      ['w1', 'w3', 'w4'],
    );
    await context.close();
  },
});
