/** The player's frame, as the page speaks to it. The frame has no origin, so it is known by its window. */
export interface Wishes {
  speed: number;
  /** Pass over long silences. */
  idle: boolean;
}

/** Where a recording begins to play, in its seconds, so that a moment is what shows; its head says when it began. */
export function secondsAt(cast: string, moment: string): number | null {
  const seconds = Date.parse(moment) / 1000 - beganAt(cast);
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}

/** Seconds since 1970; no number when the head does not say it. */
function beganAt(cast: string): number {
  try {
    const head: unknown = JSON.parse(cast.slice(0, Math.max(0, cast.indexOf('\n'))));
    return typeof head === 'object' && head && 'timestamp' in head ? Number(head.timestamp) : Number.NaN;
  } catch {
    return Number.NaN;
  }
}

export class PlayerFrame {
  readonly #frame: HTMLIFrameElement;
  readonly #cast: string;
  readonly #at: number | null;
  #wishes: Wishes;
  #ready = false;

  /** `at`: the second where it begins to play; null shows its beginning and waits. */
  constructor(frame: HTMLIFrameElement, cast: string, wishes: Wishes, at: number | null) {
    this.#at = at;
    this.#frame = frame;
    this.#cast = cast;
    this.#wishes = wishes;
    addEventListener('message', this.#hear);
    frame.src = '/player.html';
  }

  wish(wishes: Wishes): void {
    this.#wishes = wishes;
    if (this.#ready) this.#frame.contentWindow?.postMessage(wishes, '*');
  }

  dispose(): void {
    removeEventListener('message', this.#hear);
  }

  #hear = (event: MessageEvent<unknown>): void => {
    if (event.source !== this.#frame.contentWindow) return;
    this.#ready = true;
    // A document without an origin has no name to send to; the window is ours, and so is what is in it.
    const begin = this.#at === null ? {} : { at: this.#at, play: true };
    this.#frame.contentWindow?.postMessage({ cast: this.#cast, ...begin, ...this.#wishes }, '*');
  };
}
