/** Which rows of a long list of equal rows are in sight, with some to spare on both sides. */
import { type RefObject, useEffect, useState } from 'react';

const SPARE = 12;

export function rowsInSight(top: number, height: number, row: number, count: number) {
  const start = Math.max(0, Math.min(count, Math.floor(top / row)) - SPARE);
  const end = Math.min(count, Math.ceil((top + height) / row) + SPARE);
  return { start, end };
}

export function useVirtual(area: RefObject<HTMLElement | null>, count: number, row: number) {
  const [place, setPlace] = useState({ top: 0, height: 900 });
  useEffect(() => {
    const element = area.current;
    if (!element) return;
    const look = () => setPlace({ top: element.scrollTop, height: element.clientHeight });
    look();
    const size = new ResizeObserver(look);
    size.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      size.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, [area]);
  return rowsInSight(place.top, place.height, row, count);
}
