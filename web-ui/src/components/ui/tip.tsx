/** A hint on hover or focus, with the key that does the same. One host shows whichever is due. */
import { cloneElement, type ReactElement, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { Keys } from './kbd';

/** The first hint waits; while one is looking around, the next ones come at once. */
const WAITS_MS = 500;
const LOOKING_MS = 300;
const GAP = 6;
const EDGE = 8;

interface TipProps {
  text: string;
  keys?: string;
  /** Something that hands `data-` attributes on to its element. */
  children: ReactElement<Record<string, unknown>>;
}

export function Tip({ text, keys, children }: TipProps) {
  return cloneElement(children, { 'data-tip': text, ...(keys ? { 'data-tip-keys': keys } : {}) });
}

export function TipHost() {
  const [owner, setOwner] = useState<HTMLElement | null>(null);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => watch(setOwner), []);
  useLayoutEffect(() => {
    if (owner && box.current) place(box.current, owner.getBoundingClientRect());
  }, [owner]);
  if (!owner) return null;
  return (
    <div
      ref={box}
      // Its owner has the same words as its name.
      aria-hidden="true"
      className="pointer-events-none fixed top-0 left-0 z-50 flex max-w-72 animate-appear items-center gap-2 rounded-md border border-line-strong bg-raised px-2 py-1 text-ink text-xs shadow-2"
    >
      {owner.dataset.tip}
      {owner.dataset.tipKeys && <Keys keys={owner.dataset.tipKeys} />}
    </div>
  );
}

/** Says whose hint is due; null when none is. */
function watch(show: (owner: HTMLElement | null) => void): () => void {
  const stop = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let current: HTMLElement | null = null;
  let hidden = 0;
  const hide = () => {
    clearTimeout(timer);
    if (current) hidden = performance.now();
    current = null;
    show(null);
  };
  const due = (owner: HTMLElement, wait: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!owner.isConnected) return;
      current = owner;
      show(owner);
    }, wait);
  };
  const over = (event: Event, wait: number) => {
    const owner = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-tip]') : null;
    if (!owner) hide();
    else if (owner !== current) {
      hide();
      due(owner, performance.now() - hidden < LOOKING_MS ? 0 : wait);
    }
  };
  const on = (name: string, act: (event: Event) => void) =>
    document.addEventListener(name, act, { signal: stop.signal, capture: true, passive: true });
  // A finger has no hover; what it touches says itself what it is.
  on('pointerover', (event) => (event as PointerEvent).pointerType !== 'touch' && over(event, WAITS_MS));
  on('pointerdown', hide);
  on('keydown', (event) => (event as KeyboardEvent).key === 'Escape' && hide());
  on('focusin', (event) => {
    if (event.target instanceof Element && event.target.matches(':focus-visible')) over(event, 0);
  });
  on('focusout', hide);
  on('scroll', hide);
  return () => {
    stop.abort();
    clearTimeout(timer);
  };
}

/** Below its owner, or above where there is no room, and never over an edge. */
function place(box: HTMLElement, owner: DOMRect): void {
  const { offsetWidth: width, offsetHeight: height } = box;
  const middle = owner.left + owner.width / 2 - width / 2;
  const left = Math.max(EDGE, Math.min(innerWidth - width - EDGE, middle));
  const below = owner.bottom + GAP;
  const top = below + height + EDGE > innerHeight ? owner.top - GAP - height : below;
  box.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}
