/** Where one is in a session: at its newest, at one entry, or in the midst; the place is kept whatever comes in. */
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Start } from './reading';
import type { Reading } from './use-transcript';

/** So near to an end, more is read. */
const NEAR = '900px 0px 900px 0px';
/** So far above the newest, a way there is offered. */
const FAR = 600;
const AT_END = 40;
/** So far below the upper edge stands what a link names. */
const LEDGE = 60;
/** How closely one looks for what is in sight. */
const STEP = 36;

/** An entry, and how far below the upper edge it stands. */
interface Anchor {
  entry: string;
  top: number;
}

export function useReaderScroll(area: RefObject<HTMLDivElement | null>, start: Start, reading: Reading) {
  const sentinel = useRef<HTMLDivElement>(null);
  const lower = useRef<HTMLDivElement>(null);
  const follows = useRef(start === 'end');
  const anchor = useRef<Anchor | null>(null);
  const placed = useRef(false);
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
      anchor.current = anchorOf(element);
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
    // Markdown comes a moment after its text, and turns get their real height only when they come near.
    const grow = new ResizeObserver(() => hold(element, follows.current, anchor.current));
    if (element.firstElementChild) grow.observe(element.firstElementChild);
    return () => {
      element.removeEventListener('scroll', scrolled);
      near.disconnect();
      grow.disconnect();
    };
  }, [area, ready]);

  const first = reading.turns[0]?.offset;
  const count = reading.turns.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when turns came in, above or below
  useLayoutEffect(() => {
    const element = area.current;
    if (!element || count === 0) return;
    if (!placed.current) {
      placed.current = true;
      if (typeof start === 'number') anchor.current = { entry: String(start), top: LEDGE };
    }
    hold(element, follows.current, anchor.current);
  }, [area, start, first, count]);

  return { sentinel, lower, away };
}

/** Puts back what moved without being moved by the reader. */
function hold(area: HTMLElement, follows: boolean, anchor: Anchor | null): void {
  if (follows) area.scrollTop = area.scrollHeight;
  else if (anchor) {
    const element = area.querySelector(`[data-entry~="${anchor.entry}"]`);
    if (element) area.scrollTop += topOf(area, element) - anchor.top;
  }
}

function topOf(area: HTMLElement, element: Element): number {
  return element.getBoundingClientRect().top - area.getBoundingClientRect().top;
}

/** The first entry in sight. */
function anchorOf(area: HTMLElement): Anchor | null {
  const { left, width, top, height } = area.getBoundingClientRect();
  for (let below = 8; below < height; below += STEP) {
    const at = document.elementFromPoint(left + width / 2, top + below);
    // What is about to come into sight is not laid out yet and cannot be hit, but its turn can.
    const element = at?.closest('[data-entry]') ?? at?.closest('article')?.querySelector('[data-entry]');
    const entry = element?.getAttribute('data-entry')?.split(' ')[0];
    if (element && entry) return { entry, top: topOf(area, element) };
  }
  return null;
}
