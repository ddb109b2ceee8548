// A picture of every page and state, in every size and theme, against the fake daemon; axe looks at each.
// node e2e/gallery.mjs [only] writes artifacts/gallery/*.png and exits 1 on a violation or a complaint of the page.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import AxeBuilder from '@axe-core/playwright';
import { FakeDaemon } from '../src/testing/fake-daemon/daemon.mjs';
import { launch, open, SIZES } from './support/browser.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const out = here('../../artifacts/gallery/');
const only = process.argv[2] ?? '';
mkdirSync(out, { recursive: true });

const settle = (page, ms = 700) => page.waitForTimeout(ms);

/** name, scenario, path, and what to do before the picture. */
const VIEWS = [
  ['login', 'busy', '/', async (page) => page.getByText('Get a login link').waitFor(), { loggedOut: true }],
  [
    'login-used',
    'busy',
    '/#login=used',
    async (page) => page.getByRole('alert').waitFor(),
    { loggedOut: true },
  ],
  ['home-busy', 'busy', '/'],
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
  ['agent-history', 'busy', '/agents/droid-002', scrollUp],
  ['agent-talk', 'busy', '/agents/primary?view=chat'],
  ['agent-gone', 'busy', '/agents/nobody-001'],
  ['wall', 'busy', '/wall', (page) => settle(page, 1500)],
  ['wall-empty', 'empty', '/wall'],
  ['tasks', 'busy', '/tasks'],
  ['tasks-empty', 'empty', '/tasks'],
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

async function takeSeat(page) {
  await settle(page, 1200);
  await page
    .getByRole('button', { name: /take the keyboard|^type$/i })
    .first()
    .click();
  await settle(page, 900);
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

const daemon = new FakeDaemon({ dist: here('../dist/') });
const port = await daemon.listen(0);
const browser = await launch();
const report = [];

for (const size of Object.keys(SIZES)) {
  for (const theme of ['dark', 'light']) {
    // The tablet is the desk without room: one theme shows all there is to see.
    if (size === 'tablet' && theme === 'light') continue;
    const complaints = [];
    const wanted = VIEWS.filter(([name]) => `${name}-${size}-${theme}`.includes(only));
    if (wanted.length === 0) continue;
    daemon.up();
    daemon.load('busy');
    const session = await open(browser, size, theme, complaints);
    await session.page.goto(`http://127.0.0.1:${port}/#login=fake`);
    await session.page.locator('#stage').waitFor();
    for (const [name, scenario, path, act, options] of wanted) {
      daemon.load(scenario);
      daemon.up();
      complaints.length = 0;
      const view = options?.loggedOut ? await open(browser, size, theme, complaints) : session;
      try {
        await view.page.goto(`http://127.0.0.1:${port}${path}`);
        if (!options?.loggedOut) await view.page.locator('#stage').waitFor();
        await settle(view.page);
        await act?.(view.page, daemon);
        await settle(view.page, 400);
        await view.page.screenshot({ path: `${out}${name}-${size}-${theme}.png` });
        const axe = await new AxeBuilder({ page: view.page }).analyze();
        for (const violation of axe.violations) {
          report.push({
            view: `${name}-${size}-${theme}`,
            rule: violation.id,
            help: violation.help,
            nodes: violation.nodes.map((node) => `${node.target} ${node.any[0]?.message ?? ''}`).slice(0, 3),
          });
        }
        const wide = await view.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0)
          report.push({
            view: `${name}-${size}-${theme}`,
            rule: 'sideways',
            help: `scrolls sideways by ${wide} px`,
            nodes: [],
          });
      } catch (error) {
        report.push({
          view: `${name}-${size}-${theme}`,
          rule: 'failed',
          help: String(error).slice(0, 300),
          nodes: [],
        });
      }
      const loud = complaints.filter(
        (text) =>
          !/ERR_(CONNECTION|EMPTY)|WebGL|task queue exceeded|WebSocket|status of (503|404|401)/.test(text),
      );
      for (const text of new Set(loud))
        report.push({
          view: `${name}-${size}-${theme}`,
          rule: 'console',
          help: text.slice(0, 300),
          nodes: [],
        });
      if (options?.loggedOut) await view.context.close();
    }
    await session.context.close();
  }
}
await browser.close();
daemon.close();
writeFileSync(`${out}report.json`, JSON.stringify(report, null, 2));
for (const entry of report)
  console.log(`${entry.view}: ${entry.rule}: ${entry.help}\n    ${entry.nodes.join('\n    ')}`);
console.log(report.length === 0 ? 'gallery: clean' : `gallery: ${report.length} findings`);
process.exit(report.length === 0 ? 0 : 1);
