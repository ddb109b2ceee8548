// Every page and state, for the gallery and for the test that looks at each with axe.
import { settled } from './settled.mjs';

/** name, scenario, path, and what to do before the picture. */
export const VIEWS = [
  ['home-busy', 'busy', '/'],
  ['chat', 'busy', '/chat', (page) => page.getByText('three steps', { exact: false }).waitFor()],
  ['chat-beside', 'busy', '/chat?beside=droid-001'],
  ['agent-terminal', 'busy', '/agents/droid-002'],
  ['agent-split', 'busy', '/agents/droid-002?with=aider-001,droid-001'],
  ['agent-find', 'busy', '/agents/droid-002', findWord],
  ['agent-menu', 'busy', '/agents/droid-002', viewMenu],
  ['agent-history', 'busy', '/agents/droid-002', scrollUp],
  ['agent-talk', 'busy', '/agents/primary?view=chat'],
  ['agent-gone', 'busy', '/agents/nobody-001'],
  ['wall', 'busy', '/wall'],
  ['tasks', 'busy', '/tasks'],
  ['tasks-search', 'busy', '/tasks?filter=open&q=tmux'],
  ['tasks-graph', 'busy', '/tasks?view=graph', (page) => page.locator('.react-flow__node').first().waitFor()],
  ['task-parts', 'busy', '/tasks/12'],
  ['task-done', 'busy', '/tasks/11'],
  ['task-failed', 'busy', '/tasks/13'],
  ['sessions', 'busy', '/sessions', (page) => page.locator('[data-session]').first().waitFor()],
  ['sessions-search', 'busy', '/sessions?q=rows', (page) => page.locator('mark').first().waitFor()],
  ['sessions-none', 'busy', '/sessions?q=nowhere', (page) => page.getByText('No session is like').waitFor()],
  ['session', 'busy', '/sessions/s3', (page) => page.getByText('end of the session').waitFor()],
  ['session-open', 'busy', '/sessions/s3', unfold],
  ['session-link', 'busy', '/sessions/s6?at=140000', (page) => page.locator('.outline-accent').waitFor()],
  ['session-stuck', 'busy', '/sessions/s5', (page) => page.getByText('Cannot be resumed').waitFor()],
  [
    'session-gone',
    'busy',
    '/sessions/nothing',
    (page) => page.getByText('There is no such session').waitFor(),
  ],
  ['settings', 'busy', '/settings'],
  ['worktrees', 'busy', '/worktrees', (page) => page.locator('[data-worktree]').first().waitFor()],
  ['worktree', 'busy', '/worktrees/w1', (page) => page.getByText('try_lock').waitFor()],
  ['worktree-comment', 'busy', '/worktrees/w1', commentOnLine],
  ['worktree-merge', 'busy', '/worktrees/w1', (page) => worktreeAct(page, /^Merge into/)],
  ['worktree-loses', 'busy', '/worktrees/w2', (page) => worktreeAct(page, 'Remove')],
  ['worktree-same', 'busy', '/worktrees/w3', (page) => page.getByText('Nothing is changed').waitFor()],
  ['admin', 'busy', '/admin', (page) => page.getByText('10.0.0.7').first().waitFor()],
  ['daemon-settings', 'busy', '/admin/settings', (page) => page.getByText('next start:').first().waitFor()],
  ['audit', 'busy', '/audit', (page) => page.getByText('link_used').first().waitFor()],
  ['audit-none', 'busy', '/audit', filterAudit],
  ['chat-drop', 'busy', '/agents/droid-002?view=chat', holdFile],
  ['spawn', 'busy', '/', openSpawn],
  ['palette', 'busy', '/', (page) => openBy(page, 'Control+k', 'Find')],
  ['help', 'busy', '/', helpSheet],
  ['kill', 'busy', '/agents/droid-002', killDialog],
  // These change what the daemon or the browser knows.
  ['settings-told', 'busy', '/settings', toldHere, { leaves: true }],
  ['agent-seat', 'busy', '/agents/aider-001', takeSeat, { leaves: true }],
  ['agent-paper', 'busy', '/agents/droid-002', paperColours, { leaves: true }],
  ['offline', 'busy', '/agents/droid-002', goOffline, { leaves: true }],
  ['home-asking', 'asking', '/'],
  ['approvals', 'asking', '/approvals'],
  ['agent-asking', 'asking', '/agents/droid-002', (page) => page.locator('[data-approval-banner]').waitFor()],
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
  ['approvals-late', 'asking', '/approvals', answeredElsewhere, { leaves: true }],
  ['home-calm', 'calm', '/'],
  ['sessions-calm', 'calm', '/sessions', (page) => page.locator('[data-session]').first().waitFor()],
  ['home-empty', 'empty', '/'],
  ['chat-empty', 'empty', '/chat'],
  ['wall-empty', 'empty', '/wall'],
  ['approvals-empty', 'empty', '/approvals'],
  ['tasks-empty', 'empty', '/tasks'],
  ['sessions-empty', 'empty', '/sessions', (page) => page.getByText('No session found').waitFor()],
  ['home-nocli', 'nocli', '/'],
  ['spawn-nocli', 'nocli', '/', openSpawn],
  ['home-viewer', 'viewer', '/'],
  ['approvals-viewer', 'viewer', '/approvals'],
  [
    'home-error',
    'error',
    '/',
    (page) => page.getByText('could not be loaded').first().waitFor({ timeout: 15000 }),
  ],
  ['login', 'busy', '/', (page) => page.getByText('Get a login link').waitFor(), { loggedOut: true }],
  ['login-used', 'busy', '/#login=used', (page) => page.getByRole('alert').waitFor(), { loggedOut: true }],
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
  await page
    .getByRole('button', { name: /take the keyboard|^type$/i })
    .first()
    .click();
  await page
    .getByRole('button', { name: /release/ })
    .first()
    .waitFor();
}

async function findWord(page) {
  await viewMenu(page);
  await page.getByRole('menuitem', { name: /find in this/i }).click();
  await page.getByRole('textbox', { name: /find in this/i }).fill('row 1380');
  await page.getByText('1 of 1').waitFor();
}

async function viewMenu(page) {
  await page.getByRole('button', { name: 'View' }).first().click();
  await page.getByRole('menu').waitFor();
}

async function paperColours(page) {
  await viewMenu(page);
  await page.getByRole('menuitem', { name: 'Paper' }).click();
  await page.waitForFunction(
    () => getComputedStyle(document.documentElement).getPropertyValue('--screen') === '#fbfaf6',
  );
  // The choice is kept in the browser; the next picture shall be as it was.
  await page.evaluate(() => localStorage.removeItem('orchestra.screen'));
}

async function scrollUp(page) {
  await page.locator('.terminal-history > div').first().waitFor({ state: 'attached' });
  await page.locator('.terminal-viewport').evaluate((area) => area.scrollBy(0, -520));
  await page.getByRole('button', { name: 'Back to now' }).waitFor();
}

async function unfold(page) {
  for (const name of [/^Edit/, /^Bash/, /^Sub-agent/])
    await page.getByRole('button', { name }).first().click();
  await page.getByRole('button', { name: 'Open on its own' }).waitFor();
  await page.locator('summary', { hasText: 'Facts' }).click();
}

async function openBy(page, key, phoneName) {
  const button = page.getByRole('button', { name: phoneName, exact: true });
  if (await button.isVisible()) await button.click();
  else await page.keyboard.press(key);
  await page.getByRole('dialog').waitFor();
}

/** This browser is one of those that are told. */
async function toldHere(page) {
  await page.context().grantPermissions(['notifications']);
  await page.evaluate(() => localStorage.setItem('orchestra.push', JSON.stringify({ id: 'p-1' })));
  await within(page, '/settings');
  await page.getByRole('switch', { name: 'Results' }).waitFor();
  await page.getByText('Task 12 failed').waitFor();
  await page.evaluate(() => localStorage.removeItem('orchestra.push'));
  await page.getByRole('heading', { name: 'notifications' }).scrollIntoViewIfNeeded();
}

async function filterAudit(page) {
  await page.getByRole('textbox', { name: 'Object holds' }).fill('nothing-like-it');
  await page.getByRole('button', { name: 'Filter' }).click();
  await page.getByText('Nothing fits this filter').waitFor();
}

async function commentOnLine(page) {
  await page.getByRole('button', { name: 'Comment on line +14 of src/session.rs' }).click();
  await page.getByRole('textbox', { name: 'Your comment' }).fill('What if two come at once?');
  await page.getByRole('button', { name: 'Keep it' }).click();
  await page.getByText('1 comment for').waitFor();
}

async function worktreeAct(page, name) {
  await page.getByRole('button', { name, exact: typeof name === 'string' }).click();
  await page.getByRole('dialog').waitFor();
}

/** Files are held over a talk and not let go. */
async function holdFile(page) {
  const carried = await page.evaluateHandle(() => {
    const carry = new DataTransfer();
    carry.items.add(new File(['x'], 'shot.png'));
    return carry;
  });
  await page.dispatchEvent('[data-composer]', 'dragenter', { dataTransfer: carried });
  await page.getByText('Drop it into the folder of').waitFor();
}

async function helpSheet(page) {
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
}

async function openSpawn(page) {
  await page
    .getByRole('button', { name: /new agent|start one agent|start a shell agent/i })
    .first()
    .click();
  await page.getByRole('dialog').waitFor();
}

async function killDialog(page) {
  await page.getByRole('button', { name: /actions for/i }).click();
  await page.getByRole('menuitem', { name: /kill/i }).click();
  await page.getByRole('dialog').waitFor();
}

async function goOffline(page, daemon) {
  daemon.goDown();
  await page.getByText('No connection since').waitFor({ timeout: 15000 });
}

/** The scenario that a page was loaded with; another one, or what a view left behind, needs the page anew. */
const loaded = new WeakMap();

/** Goes to a view and puts it into its state: within the page where that is enough, as a person does. */
export async function visit(page, origin, daemon, [, scenario, path, act, options]) {
  const fresh = options?.loggedOut || loaded.get(page) !== scenario;
  if (fresh) {
    daemon.load(scenario);
    daemon.up();
    await page.goto(`${origin}${path}`);
  } else await within(page, path);
  loaded.set(page, options?.loggedOut || options?.leaves ? null : scenario);
  if (!options?.loggedOut) await page.locator('#stage').waitFor();
  await settled(page);
  await act?.(page, daemon);
  if (act !== goOffline) await settled(page);
}

/** Closes what is open over the page, then goes on to another address of it. */
async function within(page, path) {
  const over = page.locator('[role="dialog"], [role="menu"]');
  for (let left = await over.count(); left > 0; left = await over.count()) {
    await page.keyboard.press('Escape');
    await over.nth(left - 1).waitFor({ state: 'detached', timeout: 20000 });
  }
  await page.evaluate(() => document.activeElement instanceof HTMLElement && document.activeElement.blur());
  // First away, so that the same view begins anew.
  await page.evaluate(leadTo, '/nowhere');
  await page.getByText('There is no such page').waitFor({ timeout: 20000 });
  await page.evaluate(leadTo, path);
  await page.getByText('There is no such page').waitFor({ state: 'detached', timeout: 20000 });
}

/** Run in the page: what the way back does. */
function leadTo(path) {
  history.replaceState({}, '', path);
  dispatchEvent(new PopStateEvent('popstate', { state: {} }));
}
