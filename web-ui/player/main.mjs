// Inside the frame of the recording page: asciinema's player in a document of its own, without an origin, a token
// or a network. The page hands it the recording and the wishes; see docs/decisions/0010.
import { create } from 'asciinema-player';

let player = null;
let recording = null;

function show({ speed, idle, at, play }) {
  player?.dispose();
  const place = document.getElementById('player');
  player = create({ data: recording }, place, {
    autoPlay: play,
    preload: true,
    startAt: at,
    poster: `npt:${at}`,
    speed,
    // Seconds of silence that are kept; the rest is passed over.
    ...(idle ? { idleTimeLimit: 2 } : {}),
    fit: 'both',
    controls: true,
    terminalFontFamily: "'JetBrains Mono', ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace",
  });
}

addEventListener('message', (event) => {
  // Only the page may frame this document, and only it speaks.
  if (event.source !== parent) return;
  const { cast, ...wishes } = event.data;
  if (typeof cast === 'string') recording = cast;
  if (recording === null) return;
  const at = player ? player.getCurrentTime() : 0;
  show({ speed: 1, idle: true, play: player !== null, at, ...wishes });
});
parent.postMessage({ type: 'ready' }, '*');
