// xterm.js without a screen, with the page's own filters and comparison, built from the page's sources.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import unicode from '@xterm/addon-unicode11';
import headless from '@xterm/headless';

const page = fileURLToPath(new URL('../../web-ui/', import.meta.url));

async function pageCode() {
  const { build } = await import(
    pathToFileURL(createRequire(join(page, 'package.json')).resolve('rolldown')).href
  );
  const dir = mkdtempSync(join(fileURLToPath(new URL('.', import.meta.url)), 'node_modules/.page-'));
  const file = join(dir, 'page.mjs');
  const parts = ['features/terminal/replies', 'features/terminal/title-filter', 'features/terminal/healer', 'lib/frame'];
  const input = 'page';
  const code = parts.map((part) => `export * from ${JSON.stringify(join(page, 'src', `${part}.ts`))};`).join('\n');
  await build({
    input,
    logLevel: 'silent',
    plugins: [{ name: 'entry', resolveId: (id) => (id === input ? id : null), load: (id) => (id === input ? code : null) }],
    resolve: { alias: { '@': join(page, 'src') } },
    output: { file, format: 'esm' },
  });
  const code_ = await import(pathToFileURL(file).href);
  rmSync(dir, { recursive: true, force: true });
  return code_;
}

export const { TitleFilter, swallowQueries, compareScreen, decodeFrame, nextSeq } = await pageCode();

/** As `emulator.ts` opens it. */
export function openTerminal({ cols, rows }) {
  const terminal = new headless.Terminal({
    allowProposedApi: true,
    cols,
    rows,
    scrollback: 0,
    drawBoldTextInBrightColors: false,
  });
  terminal.loadAddon(new unicode.Unicode11Addon());
  terminal.unicode.activeVersion = '11';
  swallowQueries(terminal.parser);
  return terminal;
}

export const parsed = (terminal) => new Promise((done) => terminal.write('', done));
