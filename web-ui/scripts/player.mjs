// Builds dist/player.html: the player with its style in one file, so that the daemon can let exactly this script run
// in it, by its hash, and nothing has to be fetched from within the frame.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const result = await build({
  configFile: false,
  root: path('player'),
  logLevel: 'warn',
  build: {
    write: false,
    target: 'es2023',
    lib: { entry: path('player/main.mjs'), formats: ['iife'], name: 'orchestraPlayer' },
  },
});
const { output } = [result].flat()[0];
const script = output.find((part) => part.type === 'chunk').code.replaceAll('</script', '<\\/script');
const style = readFileSync(path('node_modules/asciinema-player/dist/bundle/asciinema-player.css'), 'utf8');
const own = 'html,body,#player{height:100%;margin:0;background:#121314}.ap-wrapper{height:100%}';
writeFileSync(
  path('dist/player.html'),
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>Recording</title><style>${style}${own}</style>` +
    `<div id="player"></div><script>${script}</script></html>\n`,
);
