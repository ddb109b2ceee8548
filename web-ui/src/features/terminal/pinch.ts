/** Two fingers on a terminal: apart is larger, together is smaller. One finger pans, as the browser does it. */

export interface PinchTarget {
  /** Size of letters now, in pixels. */
  letters(): number;
  /** Sets it; null shows the whole screen again. */
  zoomTo(letters: number | null): void;
}

const SMALLEST = 4;
const LARGEST = 28;
/** Two taps this close together switch between the whole screen and letters one can read. */
const DOUBLE_TAP_MS = 300;
const STILL_PX = 24;

function distance(touches: TouchList): number {
  const [a, b] = [touches[0], touches[1]];
  return a && b ? Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) : 0;
}

/** Listens on an area; the answer ends that. */
export function watchPinch(area: HTMLElement, target: PinchTarget, readable: number): () => void {
  let began: { apart: number; letters: number } | null = null;
  let tapped = { at: 0, x: 0, y: 0 };
  let frame = 0;
  const start = (event: TouchEvent) => {
    if (event.touches.length === 2) began = { apart: distance(event.touches), letters: target.letters() };
  };
  const move = (event: TouchEvent) => {
    if (!began || event.touches.length !== 2 || began.apart === 0) return;
    event.preventDefault();
    const wanted = (began.letters * distance(event.touches)) / began.apart;
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() =>
      target.zoomTo(Math.max(SMALLEST, Math.min(LARGEST, Math.round(wanted * 2) / 2))),
    );
  };
  const end = (event: TouchEvent) => {
    if (event.touches.length < 2 && began) {
      began = null;
      return;
    }
    const touch = event.changedTouches[0];
    if (!touch || event.touches.length > 0) return;
    const near = Math.hypot(touch.clientX - tapped.x, touch.clientY - tapped.y) < STILL_PX;
    const again = near && event.timeStamp - tapped.at < DOUBLE_TAP_MS;
    tapped = again ? { at: 0, x: 0, y: 0 } : { at: event.timeStamp, x: touch.clientX, y: touch.clientY };
    if (again) target.zoomTo(target.letters() < readable ? readable : null);
  };
  area.addEventListener('touchstart', start, { passive: true });
  area.addEventListener('touchmove', move, { passive: false });
  area.addEventListener('touchend', end, { passive: true });
  return () => {
    cancelAnimationFrame(frame);
    area.removeEventListener('touchstart', start);
    area.removeEventListener('touchmove', move);
    area.removeEventListener('touchend', end);
  };
}
