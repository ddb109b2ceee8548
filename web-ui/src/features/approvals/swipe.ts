/** A finger that pulls a card aside: to the right is one answer, to the left the other. Moves never pass through React. */

/** A pull is one once it has gone this far and more aside than down. */
const BEGINS = 12;
/** It counts from this share of the card's width on; short of it the card springs back. */
const COUNTS = 0.4;

export type Side = 'left' | 'right';

export class Swipe {
  readonly #card: HTMLElement;
  readonly #onEnd: (side: Side) => void;
  readonly #stop = new AbortController();
  #from: { id: number; x: number; y: number } | null = null;
  #pulling = false;

  constructor(card: HTMLElement, onEnd: (side: Side) => void) {
    this.#card = card;
    this.#onEnd = onEnd;
    const { signal } = this.#stop;
    card.addEventListener('pointerdown', (event) => this.#down(event), { signal });
    card.addEventListener('pointermove', (event) => this.#move(event), { signal });
    card.addEventListener('pointerup', (event) => this.#up(event), { signal });
    card.addEventListener('pointercancel', () => this.#rest(), { signal });
    // A pull that ends over a button is no tap on it.
    card.addEventListener('click', (event) => this.#pulling && event.preventDefault(), {
      signal,
      capture: true,
    });
  }

  dispose(): void {
    this.#stop.abort();
    this.#rest();
  }

  #down({ pointerType, pointerId, clientX, clientY, target }: PointerEvent): void {
    this.#pulling = false;
    if (pointerType !== 'touch' || scrollsAside(target, this.#card)) return;
    this.#from = { id: pointerId, x: clientX, y: clientY };
  }

  #move({ pointerId, clientX, clientY }: PointerEvent): void {
    if (this.#from?.id !== pointerId) return;
    const aside = clientX - this.#from.x;
    const down = Math.abs(clientY - this.#from.y);
    if (!this.#pulling) {
      if (Math.abs(aside) < BEGINS || Math.abs(aside) < down * 1.5) return;
      this.#pulling = true;
      this.#card.setPointerCapture(pointerId);
    }
    const { style, dataset } = this.#card;
    style.setProperty('--pulled', `${aside}px`);
    dataset.pull = aside > 0 ? 'right' : 'left';
    dataset.counts = String(this.#counts(aside));
  }

  #up({ pointerId, clientX }: PointerEvent): void {
    const from = this.#from;
    if (from?.id !== pointerId) return;
    const aside = clientX - from.x;
    const done = this.#pulling && this.#counts(aside);
    this.#rest();
    if (done) this.#onEnd(aside > 0 ? 'right' : 'left');
  }

  #counts(aside: number): boolean {
    return Math.abs(aside) >= this.#card.clientWidth * COUNTS;
  }

  #rest(): void {
    this.#from = null;
    const { style, dataset } = this.#card;
    style.removeProperty('--pulled');
    delete dataset.pull;
    delete dataset.counts;
  }
}

/** What scrolls by itself, or is written into, keeps its finger. */
function scrollsAside(target: EventTarget | null, card: HTMLElement): boolean {
  for (let at = target instanceof Element ? target : null; at && at !== card; at = at.parentElement) {
    if (at.scrollWidth > at.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(at).overflowX))
      return true;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)) return true;
  }
  return false;
}
