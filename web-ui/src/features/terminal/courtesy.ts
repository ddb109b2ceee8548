/** While a person types into one terminal, those beside it are drawn less often: the echo never waits behind a flood. */

/** Typing goes on until so long after the last key. */
const TYPES_MS = 400;
/** How often a terminal beside is drawn meanwhile. */
const PAUSE_MS = 120;

/** The terminal of this tab that was typed into last, and when. */
let typist: Courtesy | null = null;
let typedAt = Number.NEGATIVE_INFINITY;

/** One terminal's place among those of the tab. */
export class Courtesy {
  #held: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** A key went to this terminal: it goes first. */
  typed(): void {
    typist = this;
    typedAt = performance.now();
    this.flush();
  }

  /** Writes now, or a little later and in the same order. What is held is bounded by the credit that the daemon gives. */
  write(write: () => void): void {
    if (typist === this || performance.now() - typedAt > TYPES_MS) {
      this.flush();
      return write();
    }
    this.#held.push(write);
    this.#timer ??= setTimeout(() => this.flush(), PAUSE_MS);
  }

  /** Writes what is held; whoever reads or sizes the screen does this first. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const write of this.#held.splice(0)) write();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#held = [];
    if (typist === this) typist = null;
  }
}
