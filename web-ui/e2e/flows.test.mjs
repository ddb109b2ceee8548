// What a person does, step by step, in headless Chromium against the fake daemon.
import assert from 'node:assert/strict';
import { at, daemon, login, walk } from './support/flows.mjs';
import { settled } from './support/settled.mjs';
import { until } from './support/until.mjs';

/** The seat is there, and keys go to the terminal. */
async function inTerminal(page) {
  await page.getByText('You type').waitFor();
  await page.waitForFunction(() => document.activeElement?.closest('.terminal-host'));
}

/** Exactly this came to the agent as typed. */
async function arrived(agent, text) {
  await until(() => agent.typed.length >= text.length, text);
  assert.equal(agent.typed, text);
}

const flows = {
  async 'the secret leaves the address, and a reload and a second tab stay logged in'() {
    const { context, page } = await login('desk', '/tasks');
    assert.equal(new URL(page.url()).hash, '');
    await page.reload();
    await page.getByRole('heading', { name: 'Tasks' }).waitFor();
    const second = await context.newPage();
    await second.goto(at());
    await second.locator('#stage').waitFor();
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
    assert.ok(!kept.includes('access_token') && !kept.includes('"fake"'), 'no token is kept as text');
    await page.goto(`${at()}/settings`);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByText('Get a login link').waitFor();
    await second.getByText('Get a login link').waitFor();
    await second.reload();
    await second.getByText('Get a login link').waitFor();
    await context.close();
  },

  async 'a message is shown at once, its receipt goes step by step, the answer comes'() {
    daemon.load('empty');
    const { context, page } = await login('desk', '/chat');
    const box = page.getByRole('textbox', { name: /message to the primary/i });
    await box.fill('Say **hello**');
    await box.press('Enter');
    await page.getByText('Say **hello**', { exact: true }).waitFor({ timeout: 2000 });
    await page.getByText('You said').waitFor();
    await page.getByText('answered').first().waitFor();
    assert.equal(await page.getByText('Say **hello**', { exact: true }).count(), 1);
    assert.equal(await page.getByText('sending…').count(), 0);
    await context.close();
  },

  async 'a message written without a connection is sent once when it is back'() {
    daemon.load('empty');
    const { context, page } = await login('desk', '/chat');
    daemon.goDown();
    const box = page.getByRole('textbox', { name: /message to the primary/i });
    await box.fill('through the night');
    await box.press('Enter');
    await page.getByText('No connection since').waitFor({ timeout: 15000 });
    daemon.up();
    await page.getByRole('button', { name: 'Try now' }).click();
    await page.getByText('You said').waitFor({ timeout: 15000 });
    assert.equal(daemon.messages.filter((each) => each.text === 'through the night').length, 1);
    await context.close();
  },

  async 'a plan is approved, and its tasks begin'() {
    daemon.load('busy');
    const { context, page } = await login('desk', '/chat');
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByText('starting').first().waitFor();
    assert.ok(
      daemon.tasks
        .filter((task) => [15, 16, 17].includes(task.id))
        .every((task) => task.status === 'assigned'),
    );
    assert.equal(await page.getByRole('button', { name: 'Approve' }).count(), 0);
    await context.close();
  },

  async 'typing needs the seat; every key then goes to the agent, and one leads out'() {
    daemon.load('busy');
    const { context, page } = await login('desk', '/agents/aider-002');
    const target = daemon.agentOf('sess-aider-002') ?? daemon.agentOf('sess-droid-002');
    await page.goto(`${at()}/agents/${target.id}`);
    await page.getByRole('button', { name: 'Take the keyboard' }).click();
    await inTerminal(page);
    await page.keyboard.type('n?j ');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+c');
    await arrived(target, 'n?j \x1b\x03');
    assert.equal(page.url(), `${at()}/agents/${target.id}`);
    await page.keyboard.press('Control+`');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await context.close();
  },

  async 'a program that asks its terminal gets no answer from the page'() {
    daemon.load('busy');
    const { context, page } = await login('desk', '/agents/droid-002');
    await page.getByRole('button', { name: 'Take the keyboard' }).click();
    await inTerminal(page);
    const agent = daemon.agentOf('sess-droid-002');
    agent.typed = '';
    const queries =
      '\x1b[c\x1b[>c\x1b[=c\x1b[5n\x1b[6n\x1b[?6n\x1b[?25$p\x1b[4$p\x1bP$qm\x1b\\\x1b]10;?\x07\x1b]11;?\x1b\\\x1b[>q\x1b[?u\x1b[18t\x1b]52;c;?\x07\x1bktitle\x1b\\';
    // The page acknowledges what its emulator has parsed, a piece at a time.
    const text = queries + '\x1b[1;1H.'.repeat(20_000);
    for (const connection of daemon.connections) {
      for (const watch of connection.watched.values()) {
        if (watch.mode !== 'live') continue;
        const before = connection.acked.get(watch.channel) ?? 0;
        connection.output(watch, text);
        await until(() => connection.acked.get(watch.channel) > before + queries.length, 'it to be parsed');
      }
    }
    // Keys go the way of answers and after them.
    await page.keyboard.type('k');
    await arrived(agent, 'k');
    await context.close();
  },

  async 'the page finds back by itself after the daemon was away, and says what changed'() {
    daemon.load('busy');
    const { context, page } = await login('desk', '/agents/droid-002');
    await settled(page);
    daemon.goDown();
    await page.getByText('No connection since').waitFor({ timeout: 15000 });
    const agent = daemon.agentOf('sess-droid-002');
    Object.assign(agent, { activity: { ...agent.activity, state: 'waiting', waiting_for: 'permission' } });
    daemon.changed(agent);
    daemon.up();
    await page.getByText('No connection since').waitFor({ state: 'hidden', timeout: 20000 });
    await page.getByText('droid-002 is now needs approval').waitFor({ timeout: 20000 });
    await context.close();
  },

  async 'an agent is started, then killed after a question'() {
    daemon.load('nocli');
    const { context, page } = await login('desk');
    await page.getByRole('button', { name: /start a shell agent/i }).click();
    await page.getByRole('dialog').getByRole('textbox', { name: 'Title' }).fill('My shell');
    await page.getByRole('button', { name: 'Start agent' }).click();
    await page.waitForURL(/agents\/shell-/);
    await page.getByRole('button', { name: /actions for/i }).waitFor();
    await page.keyboard.press('.');
    await page.getByRole('menuitem', { name: /kill/i }).click();
    await page.getByRole('dialog').getByRole('button', { name: /^kill/i }).click();
    await page.getByText('killed', { exact: true }).first().waitFor();
    assert.equal(daemon.agents[0].status, 'killed');
    await context.close();
  },

  async 'keys lead everywhere'() {
    daemon.load('busy');
    const { context, page } = await login('desk');
    await page.getByText('4 things need you').waitFor();
    await page.keyboard.press('n');
    await page.waitForURL(/agents\/aider-001/);
    await page.keyboard.press('n');
    await page.waitForURL(/agents\/droid-001/);
    await page.keyboard.press('g');
    await page.keyboard.press('t');
    await page.waitForURL(/tasks$/);
    // What agents do between the two keys does not lose the first.
    await page.keyboard.press('g');
    const agent = daemon.agentOf('sess-droid-002');
    daemon.changed({ ...agent, activity: { ...agent.activity, state: 'waiting', waiting_for: 'question' } });
    await page.getByText('droid-002 asks you').waitFor({ timeout: 1000 });
    await page.keyboard.press('h');
    await page.waitForURL(/\/$/);
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder(/agents, tasks/i).fill('wall');
    await page.locator('[cmdk-item][data-selected=true]', { hasText: 'Wall' }).waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/wall$/);
    await page.keyboard.press('c');
    await page.waitForURL(/chat$/);
    await page.getByRole('textbox').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('jn');
    assert.equal(await page.getByRole('textbox').inputValue(), 'jn');
    await context.close();
  },

  async 'a word far up in a terminal is found, and the address holds what stands beside'() {
    const { context, page } = await login('desk', '/agents/droid-002');
    await page.getByRole('button', { name: 'View' }).click();
    await page.getByRole('menuitem', { name: 'aider-001' }).click();
    await page.waitForURL(/with=aider-001/);
    await page.getByRole('button', { name: 'Close the terminal of aider-001' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Close the terminal of aider-001' }).click();
    await page.waitForURL((url) => !url.search);
    await settled(page);
    await page.keyboard.press('Control+`');
    await page.keyboard.press('Control+Shift+F');
    await page.getByRole('textbox', { name: 'Find in this terminal' }).fill('row 77 of');
    await page.getByText('1 of 1').waitFor({ timeout: 15000 });
    const seen = await page.evaluate(() => {
      const rows = [...document.querySelectorAll('.terminal-history > div')];
      const row = rows.find((each) => each.textContent.includes('row 77 of'));
      const { top } = row.getBoundingClientRect();
      return top > 0 && top < innerHeight;
    });
    assert.ok(seen, 'the row is in view');
    await page.keyboard.press('Escape');
    assert.equal(await page.getByRole('textbox', { name: 'Find in this terminal' }).count(), 0);
    await context.close();
  },

  async 'letters and colours of terminals are chosen and kept'() {
    const { context, page } = await login('desk', '/agents/droid-002');
    await page.getByRole('button', { name: 'View' }).click();
    await page.getByRole('menuitem', { name: /larger/i }).click();
    await page.getByText('14 px').waitFor();
    await page.getByRole('menuitem', { name: 'Paper' }).click();
    const ground = () =>
      page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--screen'));
    assert.equal(await ground(), '#fbfaf6');
    await page.reload();
    await page.locator('.xterm-screen').waitFor();
    assert.equal(await ground(), '#fbfaf6');
    await context.close();
  },

  async 'a task is searched for, looked at and tried again'() {
    const { context, page } = await login('desk', '/tasks');
    await page.getByRole('searchbox', { name: 'Search tasks' }).fill('colours wall');
    await page.waitForURL(/q=colours/);
    await page.locator('section [data-task="13"]').first().click();
    await page.waitForURL(/tasks\/13\?q=colours/);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'Cancel task' }).waitFor();
    assert.equal(daemon.tasks.find((task) => task.id === 13).status, 'assigned');
    await context.close();
  },

  async 'whoever begins to need a person says so on every page, and one press leads there'() {
    const { context, page } = await login('desk', '/wall');
    await page.getByText('Port the store').first().waitFor();
    const agent = daemon.agentOf('sess-droid-002');
    Object.assign(agent, { activity: { ...agent.activity, state: 'waiting', waiting_for: 'question' } });
    daemon.changed(agent);
    await page.getByText('droid-002 asks you').waitFor();
    await page.waitForFunction(() => document.title.startsWith('(5)'));
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await page.waitForURL(/agents\/droid-002/);
    await context.close();
  },

  async 'a line of the audit leads to what the agent showed then'() {
    const { context, page } = await login('desk', '/audit');
    await page.getByRole('button', { name: 'What droid-002 showed then' }).first().click();
    await page.waitForURL(/agents\/droid-002\?view=recording&at=\d{4}-/);
    await page.getByText('There is no recording').waitFor();
    await context.close();
  },

  async 'whoever looks at the page is known to look, until the page is hidden'() {
    const { context, page } = await login('desk');
    const looking = () => [...daemon.connections].some((each) => each.looking);
    await until(looking, 'the page to be looked at');
    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await until(() => !looking(), 'nobody to look any more');
    await context.close();
  },

  async 'a whole errand without a mouse'() {
    const { context, page } = await login('desk');
    await page.getByText('things need you').waitFor();
    await page.keyboard.press('n');
    await page.waitForURL(/agents\/aider-001/);
    await page.getByRole('button', { name: 'Take the keyboard' }).waitFor();
    await page.keyboard.press('Control+`');
    await page.keyboard.press('Enter');
    await inTerminal(page);
    await page.keyboard.press('1');
    await arrived(daemon.agentOf('sess-aider-001'), '1');
    await page.keyboard.press('Control+`');
    await page.keyboard.press('g');
    await page.keyboard.press('t');
    await page.waitForURL(/tasks$/);
    await page.locator('ul [data-task]').first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL(/tasks\/18/);
    await page.keyboard.press('s');
    await page.getByRole('dialog', { name: 'New agent' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('h');
    await page.waitForURL(`${at()}/`);
    await context.close();
  },

  async 'without a connection the page still opens, and says that there is none'() {
    const { context, page } = await login('desk');
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.reload();
    await page.locator('#stage').waitFor();
    const kept = await page.evaluate(async () => {
      const cache = await caches.open('orchestra-shell-1');
      return (await cache.keys()).map((request) => new URL(request.url).pathname);
    });
    assert.ok(kept.includes('/') && kept.some((path) => path.startsWith('/assets/')), String(kept));
    assert.ok(!kept.some((path) => path.startsWith('/api')), 'nothing the daemon knows is kept');
    await context.setOffline(true);
    await page.reload();
    await page.getByText('The daemon does not answer.').waitFor();
    await context.close();
  },

  async 'two fingers on the phone choose the size of letters, and two taps bring the whole screen back'() {
    const { context, page } = await login('phone', '/agents/droid-002');
    await page.locator('.xterm-screen').waitFor();
    await settled(page);
    const fingers = await context.newCDPSession(page);
    const touch = (type, ...points) =>
      fingers.send('Input.dispatchTouchEvent', {
        type,
        touchPoints: points.map(([x, y], id) => ({ x, y, id })),
      });
    const history = page.locator('.terminal-history');
    const letters = () => history.evaluate((element) => Number.parseFloat(element.style.fontSize));
    const whole = await letters();
    await touch('touchStart', [150, 300], [200, 300]);
    await touch('touchMove', [125, 300], [225, 300]);
    await touch('touchMove', [90, 300], [260, 300]);
    await touch('touchEnd');
    await page.waitForFunction(
      (than) => Number.parseFloat(document.querySelector('.terminal-history').style.fontSize) > than,
      whole * 2,
    );
    assert.ok(await page.evaluate(() => visualViewport.scale === 1), 'the page itself is not zoomed');
    await page.touchscreen.tap(200, 300);
    await page.touchscreen.tap(200, 300);
    await page.waitForFunction(
      (size) => Number.parseFloat(document.querySelector('.terminal-history').style.fontSize) === size,
      whole,
    );
    await context.close();
  },

  async 'the phone types by its bar and its box, and never sizes the desk'() {
    daemon.load('busy');
    const { context, page } = await login('phone', '/agents/aider-001');
    const agent = daemon.agentOf('sess-aider-001');
    await page.getByRole('button', { name: 'Take the keyboard' }).tap();
    await page.getByRole('button', { name: 'Escape' }).tap();
    await page.getByRole('button', { name: 'Enter', exact: true }).tap();
    await arrived(agent, '\x1b⏎');
    assert.deepEqual(agent.size, { cols: 120, rows: 40 });
    await page.getByRole('textbox', { name: 'Type into aider-001' }).fill('echo "hi" && ls');
    await page.getByRole('button', { name: 'Send with Enter' }).tap();
    await arrived(agent, '\x1b⏎echo "hi" && ls⏎');
    await page.locator('.terminal-viewport').tap();
    const active = await page.evaluate(() => document.activeElement?.className ?? '');
    assert.ok(!active.includes('xterm'), 'xterm never has the focus on touch');
    await page.getByRole('button', { name: 'release' }).tap();
    await page.getByRole('textbox', { name: /message to/i }).fill('from the phone');
    await page.reload();
    assert.equal(await page.getByRole('textbox', { name: /message to/i }).inputValue(), 'from the phone');
    await context.close();
  },
};

walk(flows);
