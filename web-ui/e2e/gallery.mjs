// A picture of every page and state, in every size and theme, against the fake daemon; axe looks at each.
// node e2e/gallery.mjs [only] writes artifacts/gallery/*.png and exits 1 on a violation or a complaint of the page.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FakeDaemon } from '../src/testing/fake-daemon/daemon.mjs';
import { launch, open, SIZES } from './support/browser.mjs';
import { faults } from './support/faults.mjs';
import { VIEWS, visit } from './support/views.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const out = here('../../artifacts/gallery/');
const only = process.argv[2] ?? '';
mkdirSync(out, { recursive: true });

const daemon = new FakeDaemon({ dist: here('../dist/') });
const origin = `http://127.0.0.1:${await daemon.listen(0)}`;
const browser = await launch();
const report = [];
let looked = 0;

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
    await session.page.goto(`${origin}/#login=fake`);
    await session.page.locator('#stage').waitFor();
    for (const wish of wanted) {
      const name = `${wish[0]}-${size}-${theme}`;
      complaints.length = 0;
      const view = wish[4]?.loggedOut ? await open(browser, size, theme, complaints) : session;
      try {
        await visit(view.page, origin, daemon, wish);
        await view.page.screenshot({ path: `${out}${name}.png` });
        looked += 1;
        for (const fault of await faults(view.page, complaints)) report.push({ view: name, fault });
      } catch (error) {
        report.push({ view: name, fault: String(error).slice(0, 300) });
      }
      if (view !== session) await view.context.close();
    }
    await session.context.close();
  }
}
await browser.close();
daemon.close();
writeFileSync(`${out}report.json`, JSON.stringify(report, null, 2));
for (const { view, fault } of report) console.log(`${view}: ${fault}`);
const violations = report.filter(
  ({ fault }) => /^[a-z-]+: /.test(fault) && !fault.startsWith('console'),
).length;
console.log(
  `axe: ${looked} views in ${Object.keys(SIZES).length} sizes and 2 themes, ${violations} violations`,
);
console.log(report.length === 0 ? 'gallery: clean' : `gallery: ${report.length} findings`);
process.exit(report.length === 0 ? 0 : 1);
