// Every page and state, for the gallery and for the test that looks at each with axe.
import AxeBuilder from '@axe-core/playwright';

export const settle = (page, ms = 700) => page.waitForTimeout(ms);

/** name, scenario, path, and what to do before the picture. */
export const VIEWS = [
  ['login', 'busy', '/', async (page) => page.getByText('Get a login link').waitFor(), { loggedOut: true }],
  [
    'login-used',
    'busy',
    '/#login=used',
    async (page) => page.getByRole('alert').waitFor(),
    { loggedOut: true },
  ],
  ['home-busy', 'busy', '/'],
  ['home-asking', 'asking', '/'],
  ['home-calm', 'calm', '/'],
  ['home-empty', 'empty', '/'],
  ['home-nocli', 'nocli', '/'],
  [
    'home-error',
    'error',
    '/',
    (page) => page.getByText('could not be loaded').first().waitFor({ timeout: 15000 }),
  ],
  ['home-viewer', 'viewer', '/'],
  ['chat', 'busy', '/chat', (page) => page.getByText('three steps', { exact: false }).waitFor()],
  ['chat-beside', 'busy', '/chat?beside=droid-001', (page) => settle(page, 1500)],
  ['chat-empty', 'empty', '/chat'],
  ['agent-terminal', 'busy', '/agents/droid-002', (page) => settle(page, 1500)],
  ['agent-seat', 'busy', '/agents/aider-001', takeSeat],
  ['agent-split', 'busy', '/agents/droid-002?with=aider-001,droid-001', (page) => settle(page, 1500)],
  ['agent-find', 'busy', '/agents/droid-002', findWord],
  ['agent-menu', 'busy', '/agents/droid-002', viewMenu],
  ['agent-paper', 'busy', '/agents/droid-002', paperColours],
  ['agent-history', 'busy', '/agents/droid-002', scrollUp],
  ['agent-talk', 'busy', '/agents/primary?view=chat'],
  ['agent-gone', 'busy', '/agents/nobody-001'],
  ['approvals', 'asking', '/approvals'],
  [
    'approvals-rule',
    'asking',
    '/approvals',
    (page) =>
      page
        .getByRole('button', { name: /^Always/ })
        .first()
        .click(),
  ],
  ['approvals-late', 'asking', '/approvals', answeredElsewhere],
  ['approvals-empty', 'empty', '/approvals'],
  ['approvals-viewer', 'viewer', '/approvals'],
  ['wall', 'busy', '/wall', (page) => settle(page, 1500)],
  ['wall-empty', 'empty', '/wall'],
  ['tasks', 'busy', '/tasks'],
  ['tasks-empty', 'empty', '/tasks'],
  ['tasks-search', 'busy', '/tasks?filter=open&q=tmux'],
  ['tasks-graph', 'busy', '/tasks?view=graph', (page) => page.locator('.react-flow__node').first().waitFor()],
  ['task-parts', 'busy', '/tasks/12'],
  ['task-done', 'busy', '/tasks/11'],
  ['task-failed', 'busy', '/tasks/13'],
  ['settings', 'busy', '/settings'],
  ['spawn', 'busy', '/', openSpawn],
  ['spawn-nocli', 'nocli', '/', openSpawn],
  ['palette', 'busy', '/', (page) => openBy(page, 'Control+k', 'Find')],
  ['help', 'busy', '/', (page) => page.keyboard.press('?')],
  ['kill', 'busy', '/agents/droid-002', killDialog],
  ['offline', 'busy', '/agents/droid-002', goOffline],
];

/** Somebody else is faster, on another device. */
async function answeredElsewhere(page, daemon) {
  const [first] = daemon.approvals;
  Object.assign(first, {
    state: 'allowed',
    scope: 'once',
    answered_by: 'Bob',
    ended_at: new Date().toISOString(),
  });
  daemon.emit({ type: 'approval', approval: first });
  await page.getByText('allowed by Bob').first().waitFor();
}

async function takeSeat(page) {
  await settle(page, 1200);
  await page
    .getByRole('button', { name: /take the keyboard|^type$/i })
    .first()
    .click();
  await settle(page, 900);
}

async function findWord(page) {
  await viewMenu(page);
  await page.getByRole('menuitem', { name: /find in this/i }).click();
  await page.getByRole('textbox', { name: /find in this/i }).fill('row 1380');
  await page.getByText('1 of 1').waitFor();
}

async function viewMenu(page) {
  await settle(page, 1200);
  await page.getByRole('button', { name: 'View' }).first().click();
  await settle(page);
}

async function paperColours(page) {
  await viewMenu(page);
  await page.getByRole('menuitem', { name: 'Paper' }).click();
  await settle(page, 1200);
  // The choice is kept in the browser; the next picture shall be as it was.
  await page.evaluate(() => localStorage.removeItem('orchestra.screen'));
}

async function scrollUp(page) {
  await settle(page, 1200);
  await page.locator('.terminal-viewport').evaluate((area) => area.scrollBy(0, -520));
  await settle(page);
}

async function openBy(page, key, phoneName) {
  const button = page.getByRole('button', { name: phoneName, exact: true });
  if (await button.isVisible()) await button.click();
  else await page.keyboard.press(key);
  await settle(page);
}

async function openSpawn(page) {
  await settle(page);
  await page
    .getByRole('button', { name: /new agent|start one agent|start a shell agent/i })
    .first()
    .click();
  await settle(page);
}

async function killDialog(page) {
  await settle(page, 900);
  await page.getByRole('button', { name: /actions for/i }).click();
  await page.getByRole('menuitem', { name: /kill/i }).click();
  await settle(page);
}

async function goOffline(page, daemon) {
  await settle(page, 1200);
  daemon.goDown();
  await page.getByText('No connection since').waitFor({ timeout: 15000 });
}

/** What a browser says of a connection that a view takes away on purpose, or of a machine without a graphics card. */
const EXPECTED =
  /ERR_(CONNECTION|EMPTY)|WebGL|GL Driver|task queue exceeded|WebSocket|status of (503|404|401)/;

/** Goes to a view and puts it into its state. */
export async function visit(page, origin, daemon, [, scenario, path, act, options]) {
  daemon.load(scenario);
  daemon.up();
  await page.goto(`${origin}${path}`);
  if (!options?.loggedOut) await page.locator('#stage').waitFor();
  await settle(page);
  await act?.(page, daemon);
  await settle(page, 400);
}

/** What is wrong with what is shown now: axe, scrolling sideways, complaints of the browser. */
export async function faults(page, complaints) {
  const found = [];
  const { violations } = await new AxeBuilder({ page }).analyze();
  for (const { id, help, nodes } of violations) {
    const where = nodes.map((node) => `${node.target} ${node.any[0]?.message ?? ''}`).slice(0, 3);
    found.push(`${id}: ${help}\n    ${where.join('\n    ')}`);
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) found.push(`scrolls sideways by ${wide} px`);
  const loud = complaints.filter((text) => !EXPECTED.test(text));
  for (const text of new Set(loud)) found.push(`console: ${text.slice(0, 300)}`);
  return found;
}
