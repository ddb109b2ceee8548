// Draws the icons of the installed page from public/favicon.svg, with Chromium: node scripts/icons.mjs
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { launch } from '../e2e/support/browser.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const svg = readFileSync(here('../public/favicon.svg'), 'utf8');
const square = svg.replace('rx="7"', 'rx="0"');
/** Masks cut a circle out of the middle: the drawing keeps away from the edge. */
const padded = square
  .replace('viewBox="0 0 32 32"', 'viewBox="-5 -5 42 42"')
  .replace('<rect width="32" height="32"', '<rect x="-5" y="-5" width="42" height="42"');

mkdirSync(here('../public/icons/'), { recursive: true });
const browser = await launch();
for (const [name, size, drawing] of [
  ['icon-192', 192, svg],
  ['icon-512', 512, svg],
  ['maskable-512', 512, padded],
  ['touch-180', 180, square],
]) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(
    `<style>body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${drawing}`,
  );
  await page.screenshot({ path: here(`../public/icons/${name}.png`), omitBackground: true });
  await page.close();
}
await browser.close();
