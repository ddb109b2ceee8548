/** Words in a terminal: in the rows of history above, loaded as far back as needed, and on the screen itself. */
import type { Terminal } from '@xterm/xterm';
import { screenRows } from './emulator';

export interface Place {
  /** A row of history, or null for a row of the screen. */
  element: HTMLElement | null;
  row: number;
  col: number;
}

export interface FinderDeps {
  terminal: Terminal;
  history: HTMLElement;
  /** Shows the screen itself. */
  toScreen(): void;
  /** Asks for older rows; false when there are none. */
  older(): boolean;
}

export interface Found {
  /** From 1, counted from the newest; 0 when one stands at none. */
  at: number;
  count: number;
  searchingOlder: boolean;
}

const HIGHLIGHT = 'orchestra-found';
/** So many pages of history are fetched for one search. */
const MOST_PAGES = 25;

/** Where a word stands in rows of text, the newest first. */
export function placesIn(rows: readonly string[], word: string): { row: number; col: number }[] {
  const wanted = word.toLowerCase();
  const places: { row: number; col: number }[] = [];
  if (!wanted) return places;
  for (let row = rows.length - 1; row >= 0; row -= 1) {
    const text = (rows[row] ?? '').toLowerCase();
    for (
      let col = text.lastIndexOf(wanted);
      col !== -1;
      col = col > 0 ? text.lastIndexOf(wanted, col - 1) : -1
    ) {
      places.push({ row, col });
    }
  }
  return places;
}

export class Finder {
  readonly #deps: FinderDeps;
  readonly #changed: (found: Found) => void;
  readonly #grown: MutationObserver;
  #word = '';
  #places: Place[] = [];
  #at = -1;
  #pages = 0;
  /** Older rows were asked for and have not brought a new place yet. */
  #awaited = false;

  constructor(deps: FinderDeps, changed: (found: Found) => void) {
    this.#deps = deps;
    this.#changed = changed;
    this.#grown = new MutationObserver(() => this.#historyGrew());
    this.#grown.observe(deps.history, { childList: true });
  }

  dispose(): void {
    this.#grown.disconnect();
    CSS.highlights?.delete(HIGHLIGHT);
    this.#deps.terminal.clearSelection();
  }

  find(word: string): void {
    this.#word = word;
    this.#pages = 0;
    this.#awaited = false;
    this.#collect();
    this.#at = this.#places.length > 0 ? 0 : -1;
    if (this.#at === -1 && word) this.#older();
    this.#show();
  }

  /** One step back in time, or forth. */
  step(by: 1 | -1): void {
    // The program may have written since; the place one is at stays the same.
    this.#collectAgain();
    if (this.#places.length === 0) return this.#tell();
    const atOldest = this.#at === this.#places.length - 1;
    if (by === 1 && atOldest && this.#older()) return this.#tell();
    this.#at = (Math.max(0, this.#at) + by + this.#places.length) % this.#places.length;
    this.#show();
  }

  #older(): boolean {
    this.#awaited = this.#pages < MOST_PAGES && this.#deps.older();
    if (this.#awaited) this.#pages += 1;
    return this.#awaited;
  }

  #historyGrew(): void {
    if (!this.#word) return;
    const before = this.#places.length;
    this.#collectAgain();
    if (!this.#awaited) return this.#tell();
    if (this.#places.length > before) {
      this.#awaited = false;
      this.#at = before;
      return this.#show();
    }
    this.#older();
    this.#tell();
  }

  /** What is there now, still at the place where one was. */
  #collectAgain(): void {
    const was = this.#places[this.#at];
    this.#collect();
    this.#at = this.#places.findIndex(
      ({ element, row, col }) =>
        was !== undefined &&
        element === was.element &&
        col === was.col &&
        (element !== null || row === was.row),
    );
  }

  #collect(): void {
    const { terminal, history } = this.#deps;
    const elements = [...history.children] as HTMLElement[];
    const above = placesIn(
      elements.map((element) => element.textContent ?? ''),
      this.#word,
    );
    this.#places = [
      ...placesIn(screenRows(terminal), this.#word).map((place) => ({ ...place, element: null })),
      ...above.map((place) => ({ ...place, element: elements[place.row] ?? null })),
    ];
  }

  #tell(): void {
    this.#changed({ at: this.#at + 1, count: this.#places.length, searchingOlder: this.#awaited });
  }

  #show(): void {
    const { terminal, toScreen } = this.#deps;
    const place = this.#places[this.#at];
    CSS.highlights?.delete(HIGHLIGHT);
    terminal.clearSelection();
    this.#changed({
      at: this.#at + 1,
      count: this.#places.length,
      searchingOlder: !place && this.#pages > 0,
    });
    if (!place) return;
    if (!place.element) {
      toScreen();
      terminal.select(place.col, place.row, this.#word.length);
      return;
    }
    const range = rangeOf(place.element, place.col, this.#word.length);
    if (range && 'highlights' in CSS) CSS.highlights.set(HIGHLIGHT, new Highlight(range));
    place.element.scrollIntoView({ block: 'center' });
  }
}

/** Characters of an element as a range, across the spans that colour them. */
function rangeOf(element: HTMLElement, from: number, length: number): Range | null {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  let passed = 0;
  let begun = false;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const size = node.textContent?.length ?? 0;
    if (!begun && from < passed + size) {
      range.setStart(node, from - passed);
      begun = true;
    }
    if (begun && from + length <= passed + size) {
      range.setEnd(node, from + length - passed);
      return range;
    }
    passed += size;
  }
  return null;
}
