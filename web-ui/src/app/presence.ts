/** Tells the daemon whether a person looks at this page, so that nobody is told elsewhere what is in front of them. */
import type { OrchestraSocket } from '@/lib/orchestra-socket';

/** Nobody touched the page for this long: a screen that was left on is looked at by nobody. */
const AWAY_MS = 60_000;
const SIGNS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const;

/** Follows the page until the function that it gives back is called. */
export function tellPresence(socket: OrchestraSocket): () => void {
  let touchedAt = Date.now();
  let told = false;
  const tell = () => {
    const looking = document.visibilityState === 'visible' && Date.now() - touchedAt < AWAY_MS;
    if (looking !== told && socket.send({ type: 'presence', looking })) told = looking;
  };
  const touched = () => {
    touchedAt = Date.now();
    if (!told) tell();
  };
  // A new connection knows nothing of it.
  const opened = socket.opened.on(() => {
    told = false;
    tell();
  });
  const timer = setInterval(tell, AWAY_MS / 4);
  for (const sign of SIGNS) addEventListener(sign, touched, { capture: true, passive: true });
  document.addEventListener('visibilitychange', tell);
  return () => {
    opened();
    clearInterval(timer);
    for (const sign of SIGNS) removeEventListener(sign, touched, { capture: true });
    document.removeEventListener('visibilitychange', tell);
  };
}
