/** A row that moves because its place changed moves visibly; everything else stays still. */
import { type RefObject, useLayoutEffect, useRef } from 'react';

/** Watches the children of `area` that carry `data-flip`; `order` says when to look. */
export function useFlip(area: RefObject<HTMLElement | null>, order: string): void {
  const places = useRef(new Map<string, number>());
  // biome-ignore lint/correctness/useExhaustiveDependencies: the order is what moves rows
  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const next = new Map<string, number>();
    for (const row of element.querySelectorAll<HTMLElement>('[data-flip]')) {
      const key = row.dataset.flip ?? '';
      next.set(key, row.offsetTop);
      const was = places.current.get(key);
      if (still || was === undefined || was === row.offsetTop) continue;
      row.animate([{ transform: `translateY(${was - row.offsetTop}px)` }, { transform: 'none' }], {
        duration: 180,
        easing: 'cubic-bezier(0.2, 0.7, 0.2, 1)',
      });
    }
    places.current = next;
  }, [area, order]);
}
