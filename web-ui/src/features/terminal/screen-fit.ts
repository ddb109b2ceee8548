/** How large one screen is drawn in the room there is, and which size its viewer asks of it from the seat. */
import type { Terminal } from '@xterm/xterm';
import { type Box, type Cell, FONT_SIZE, fontFor, letterWidth, sizeFor } from './layout';

interface FitDeps {
  terminal: Terminal;
  viewport: HTMLElement;
  history: HTMLElement;
  host: HTMLElement;
  touch: boolean;
  /** Whether this viewer holds the seat. */
  mine(): boolean;
  askSize(size: { cols: number; rows: number }): void;
  /** The screen was drawn in another size. */
  placed(): void;
}

const RESIZE_MS = 100;
/** A box smaller than this is one that is not laid out yet. */
const LEAST_BOX = 40;

export class ScreenFit {
  readonly #deps: FitDeps;
  readonly #drawn: ResizeObserver;
  #cell: Cell = { width: 7.8, height: 16 };
  #box: Box = { width: 0, height: 0 };
  #fit: boolean;
  /** Size of letters that was chosen by fingers; null shows the whole screen. */
  #letters: number | null = null;
  #base = FONT_SIZE;
  #resize: ReturnType<typeof setTimeout> | undefined;

  constructor(deps: FitDeps, fit: boolean) {
    this.#deps = deps;
    this.#fit = fit;
    this.#drawn = new ResizeObserver(this.#place);
    const screen = this.#screen();
    if (screen) this.#drawn.observe(screen);
  }

  dispose(): void {
    clearTimeout(this.#resize);
    this.#drawn.disconnect();
  }

  /** Changes what is given, then draws anew. */
  set(change: { box?: Box; fit?: boolean; letters?: number | null; base?: number }): void {
    this.#box = change.box ?? this.#box;
    this.#fit = change.fit ?? this.#fit;
    this.#base = change.base ?? this.#base;
    if (change.letters !== undefined) this.#letters = change.letters;
    this.layout();
  }

  /** Size of letters as they are seen now. */
  letters(): number {
    return Number.parseFloat(this.#deps.history.style.fontSize) || FONT_SIZE;
  }

  /** Draws as large as fits; asks the agent for this screen's size only from the seat. */
  layout(): void {
    const { terminal, touch, mine } = this.#deps;
    if (this.#box.width < LEAST_BOX || this.#box.height < LEAST_BOX) return;
    this.#measure();
    const own = this.#fit && mine();
    const font =
      this.#letters ?? (own ? this.#base : fontFor(this.#box, this.#cell, terminal, touch, this.#base));
    if (terminal.options.fontSize !== font) terminal.options.fontSize = font;
    this.#place();
    if (own) this.#askSize();
  }

  /** What the font size leaves over is scaled away; called again whenever the drawn screen changes its size. */
  #place = (): void => {
    const { terminal, host, viewport, history, touch, mine, placed } = this.#deps;
    const font = terminal.options.fontSize ?? FONT_SIZE;
    const { width, height } = this.#box;
    const screen = this.#screen();
    const [wide, high] = [screen?.offsetWidth || width, screen?.offsetHeight || height];
    const fits = Math.min(width / wide, touch ? Number.POSITIVE_INFINITY : height / high);
    const plain = this.#letters !== null || (this.#fit && mine());
    const scale = plain ? 1 : Math.min(fits, this.#base / font);
    host.style.transform = scale === 1 ? '' : `scale(${scale})`;
    // A transform leaves the room it took; what scrolls is as high as what one sees.
    host.style.height = scale === 1 ? '' : `${high * scale}px`;
    host.style.width = scale === 1 ? '' : `${wide * scale}px`;
    viewport.style.setProperty('--cell-height', `${(high / terminal.rows) * scale}px`);
    history.style.fontSize = `${font * scale}px`;
    const cell = (wide / terminal.cols) * scale;
    history.style.letterSpacing = `${cell - letterWidth(font * scale)}px`;
    placed();
  };

  #askSize(): void {
    clearTimeout(this.#resize);
    this.#resize = setTimeout(() => {
      const { terminal, mine, askSize } = this.#deps;
      const size = sizeFor(this.#box, this.#cell);
      if (mine() && (size.cols !== terminal.cols || size.rows !== terminal.rows)) askSize(size);
    }, RESIZE_MS);
  }

  /** The size of a cell at the preferred font size, from what is drawn now. */
  #measure(): void {
    const { terminal } = this.#deps;
    const screen = this.#screen();
    const font = terminal.options.fontSize ?? FONT_SIZE;
    if (!screen?.offsetWidth) return;
    this.#cell = {
      width: (screen.offsetWidth / terminal.cols / font) * this.#base,
      height: (screen.offsetHeight / terminal.rows / font) * this.#base,
    };
  }

  #screen(): HTMLElement | null {
    return this.#deps.host.querySelector<HTMLElement>('.xterm-screen');
  }
}
