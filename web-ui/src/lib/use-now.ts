/** One clock for the whole page: components that show ages tick together, once a second. */
import { useSyncExternalStore } from 'react';

let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

function read(): number {
  // Between ticks the value must stay the same, or React would render for ever.
  if (timer === undefined) now = Date.now();
  return Math.floor(now / 1000) * 1000;
}

export function useNow(): number {
  return useSyncExternalStore(subscribe, read, read);
}
