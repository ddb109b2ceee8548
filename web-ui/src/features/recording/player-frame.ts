/** The player's frame, as the page speaks to it. The frame has no origin, so it is known by its window. */
export interface Wishes {
  speed: number;
  /** Pass over long silences. */
  idle: boolean;
}

export class PlayerFrame {
  readonly #frame: HTMLIFrameElement;
  readonly #cast: string;
  #wishes: Wishes;
  #ready = false;

  constructor(frame: HTMLIFrameElement, cast: string, wishes: Wishes) {
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
    this.#frame.contentWindow?.postMessage({ cast: this.#cast, ...this.#wishes }, '*');
  };
}
