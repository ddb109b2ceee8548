// What hands do beyond keys and clicks: files dropped, pasted and picked; cards pulled aside; a question answered above
// its terminal. Against the fake daemon.
import assert from 'node:assert/strict';
import { at, daemon, login, walk } from './support/flows.mjs';
import { settled } from './support/settled.mjs';
import { until } from './support/until.mjs';

/** Lets go of files over an element, as a person who drags them from a folder. */
async function drop(page, selector, names) {
  const carried = await page.evaluateHandle((list) => {
    const carry = new DataTransfer();
    for (const name of list) carry.items.add(new File([`bytes of ${name}`], name));
    return carry;
  }, names);
  for (const type of ['dragenter', 'dragover']) {
    await page.dispatchEvent(selector, type, { dataTransfer: carried });
  }
  await page.getByText(/Drop it into the folder of/).waitFor();
  await page.dispatchEvent(selector, 'drop', { dataTransfer: carried });
  await page.getByText(/Drop it into the folder of/).waitFor({ state: 'detached' });
}

/** Pastes a picture into what has the focus. */
async function pasteFile(page, selector, name) {
  await page.evaluate(
    ([where, file]) => {
      const carry = new DataTransfer();
      carry.items.add(new File(['picture'], file, { type: 'image/png' }));
      const event = new ClipboardEvent('paste', { clipboardData: carry, bubbles: true, cancelable: true });
      document.querySelector(where).dispatchEvent(event);
    },
    [selector, name],
  );
}

/** A finger that goes aside over a card by a share of its width, and lets go. */
async function pull(page, context, card, share) {
  const { x, y, width } = await card.boundingBox();
  const cdp = await context.newCDPSession(page);
  const from = { x: x + width / 2, y: y + 24 };
  const touch = (type, points) => cdp.send('Input.dispatchTouchEvent', { type, touchPoints: points });
  await touch('touchStart', [from]);
  for (let step = 1; step <= 8; step += 1) {
    await touch('touchMove', [{ x: from.x + (width * share * step) / 8, y: from.y }]);
  }
  await touch('touchEnd', []);
}

const stateOf = (id) => daemon.approvals.find((one) => one.id === id).state;

walk({
  async 'files that are dropped, pasted or picked go to the agent, and their paths into the message'() {
    const { context, page } = await login('desk', '/agents/droid-002?view=chat');
    const box = page.getByRole('textbox', { name: /message to droid-002/i });
    await box.fill('look at');
    await drop(page, '[data-composer]', ['shot 1.png', 'notes.txt']);
    await page.waitForFunction(
      () =>
        document.querySelector('[data-composer]').value ===
        'look at .orchestra/files/shot-1.png .orchestra/files/notes.txt ',
    );
    assert.deepEqual(
      daemon.files.map(({ name, bytes }) => [name, bytes.toString()]),
      [
        ['shot-1.png', 'bytes of shot 1.png'],
        ['notes.txt', 'bytes of notes.txt'],
      ],
    );
    await box.fill('');
    await pasteFile(page, '[data-composer]', 'clip.png');
    await page.waitForFunction(
      () => document.querySelector('[data-composer]').value === '.orchestra/files/clip.png ',
    );
    await page.locator('input[type=file]').setInputFiles({
      name: 'picked.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('1,2'),
    });
    await page.waitForFunction(() =>
      document.querySelector('[data-composer]').value.endsWith('.orchestra/files/picked.csv '),
    );
    // What is being written outlives a reload, the path too.
    await page.reload();
    await page.locator('#stage').waitFor();
    assert.match(await box.inputValue(), /clip\.png .*picked\.csv/);
    await context.close();
  },

  async 'in a terminal the path is typed where one holds the keyboard, and told where one does not'() {
    const { context, page } = await login('desk', '/agents/aider-001');
    await settled(page);
    await drop(page, '.terminal-viewport', ['first.png']);
    await page.getByText('Sent to aider-001').waitFor();
    await page.getByText('.orchestra/files/first.png').first().waitFor();
    await page
      .getByRole('button', { name: /take the keyboard|^type$/i })
      .first()
      .click();
    await page.getByText('You type').waitFor();
    await drop(page, '.terminal-viewport', ['second.png']);
    const agent = daemon.agents.find(({ id }) => id === 'aider-001');
    await until(() => agent.typed?.includes('.orchestra/files/second.png '), 'the path in the terminal');
    await context.close();
  },

  async 'who may only look is offered nothing to send'() {
    daemon.load('viewer');
    const { context, page } = await login('desk', '/agents/droid-002?view=chat');
    await page.getByText('You may look here, not write.').waitFor();
    assert.equal(await page.locator('input[type=file]').count(), 0);
    await context.close();
  },

  async 'a card pulled far enough to the right allows, to the left denies, and short of it nothing'() {
    daemon.load('asking');
    const { context, page } = await login('phone', '/approvals');
    const card = (id) => page.locator(`[data-approval="${id}"]`);
    await card('0a-1').waitFor();
    await settled(page);
    await pull(page, context, card('0a-1'), 0.25);
    await settled(page);
    assert.equal(stateOf('0a-1'), 'pending');
    await pull(page, context, card('0a-1'), 0.48);
    await card('0a-1').getByText('allowed by Owner').waitFor();
    assert.equal(stateOf('0a-1'), 'allowed');
    await card('0a-2').scrollIntoViewIfNeeded();
    await settled(page);
    await pull(page, context, card('0a-2'), -0.48);
    await card('0a-2').getByText('denied by Owner').waitFor();
    assert.equal(stateOf('0a-2'), 'denied');
    // A question has more than two answers.
    await card('0a-3').scrollIntoViewIfNeeded();
    await pull(page, context, card('0a-3'), 0.48);
    await settled(page);
    assert.equal(stateOf('0a-3'), 'pending');
    await context.close();
  },

  async 'what an agent asks stands above its terminal and is answered there'() {
    daemon.load('asking');
    const asked = daemon.approvals.find(({ id }) => id === '0a-1');
    const { context, page } = await login('desk', `/agents/${asked.agent_id}`);
    const banner = page.locator('[data-approval-banner="0a-1"]');
    await banner.getByText(asked.summary).waitFor();
    await banner.getByRole('button', { name: 'Allow once' }).click();
    await banner.waitFor({ state: 'detached' });
    assert.equal(stateOf('0a-1'), 'allowed');
    const question = daemon.approvals.find(({ id }) => id === '0a-3');
    await page.goto(`${at()}/agents/${question.agent_id}?view=chat`);
    await page.locator('[data-approval-banner="0a-3"]').getByRole('button', { name: 'Answer' }).click();
    await page.waitForURL(/\/approvals$/);
    await context.close();
  },
});
