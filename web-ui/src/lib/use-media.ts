/** Media queries as hooks: the page's three sizes, and whether fingers or a mouse point. */
import { useSyncExternalStore } from 'react';

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const list = matchMedia(query);
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    () => matchMedia(query).matches,
    () => false,
  );
}

export const usePhone = () => useMedia('(max-width: 699px)');
export const useDesk = () => useMedia('(min-width: 1100px)');
export const useTouch = () => useMedia('(pointer: coarse)');
