/** Where one is in a session: at its newest, at one entry, or in the midst; the place is kept when more comes in. */
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Start } from './reading';
import type { Reading } from './use-transcript';

/** So near to an end, more is read. */
const NEAR = '900px 0px 900px 0px';
/** So far above the newest, a way there is offered. */
const FAR = 600;
const AT_END = 40;

export function useReaderScroll(area: RefObject<HTMLDivElement | null>, start: Start, reading: Reading) {
  const sentinel = useRef<HTMLDivElement>(null);
  const lower = useRef<HTMLDivElement>(null);
  const follows = useRef(start === 'end');
  const placed = useRef<Start | null>(null);
  const [away, setAway] = useState(false);
  const now = useRef(reading);
  now.current = reading;
  const ready = !reading.isPending && !reading.error;

  useEffect(() => {
    const element = area.current;
    if (!ready || !element || !sentinel.current || !lower.current) return;
    const scrolled = () => {
      const below = element.scrollHeight - element.scrollTop - element.clientHeight;
      follows.current = below < AT_END && !now.current.later.more;
      setAway(below > FAR);
    };
    element.addEventListener('scroll', scrolled, { passive: true });
    const near = new IntersectionObserver(
      (seen) => {
        for (const { target, isIntersecting } of seen) {
          const { earlier, later } = now.current;
          const what = target === sentinel.current ? earlier : later;
          if (isIntersecting && what.more && !what.loading) void what.load();
        }
      },
      { root: element, rootMargin: NEAR },
    );
    near.observe(sentinel.current);
    near.observe(lower.current);
    // Markdown comes a moment after its text and makes the turn longer.
    const grow = new ResizeObserver(() => {
      if (follows.current) element.scrollTop = element.scrollHeight;
    });
    if (element.firstElementChild) grow.observe(element.firstElementChild);
    return () => {
      element.removeEventListener('scroll', scrolled);
      near.disconnect();
      grow.disconnect();
    };
  }, [area, ready]);

  const first = reading.turns[0]?.offset;
  const count = reading.turns.length;
  const before = useRef<{ first: number | undefined; height: number }>({ first: undefined, height: 0 });
  useLayoutEffect(() => {
    const element = area.current;
    if (!element || count === 0) return;
    if (placed.current !== start) {
      placed.current = start;
      follows.current = start === 'end';
      const wanted = typeof start === 'number' ? entryAt(element, start) : null;
      if (start === 'end') element.scrollTop = element.scrollHeight;
      else if (wanted)
        element.scrollTop += wanted.getBoundingClientRect().top - element.getBoundingClientRect().top - 60;
    } else if (before.current.first !== undefined && first !== before.current.first) {
      // Earlier turns came in above: what was in sight stays where it was.
      element.style.overflowAnchor = 'none';
      element.scrollTop += element.scrollHeight - before.current.height;
      requestAnimationFrame(() => element.style.removeProperty('overflow-anchor'));
    }
    before.current = { first, height: element.scrollHeight };
  }, [area, start, first, count]);

  return { sentinel, lower, away };
}

/** The element of an entry, whether it begins a turn or stands within one. */
function entryAt(area: HTMLElement, offset: number): HTMLElement | null {
  return area.querySelector<HTMLElement>(`[data-entry~="${offset}"]`);
}
