/**
 * What scrolled off a screen, as rows above the emulator in one native scroll area.
 * xterm.js keeps no scrollback of its own, so nothing is ever shown twice.
 */
import { parseLines } from '@/lib/ansi';
import type { HistoryMessage } from '@/lib/terminal-hub';
import { rowElement } from './paint-rows';

const PAGE = 400;
/** Older pages are fetched when the top comes this near, in pixels. */
const NEAR_TOP = 800;
const AT_BOTTOM = 4;
/** At most this often the newest rows are fetched while a program writes. */
const STALE_MS = 1500;

export class HistoryPane {
  readonly #viewport: HTMLElement;
  readonly #rows: HTMLElement;
  readonly #ask: (before: number | undefined, lines: number) => void;
  /** Number of the first row held, and of the one after the last. */
  #start = 0;
  #end = 0;
  /** Whose numbers these are, and that of the oldest row the daemon keeps. */
  #epoch = '';
  #first = 0;
  #asked = false;
  #pinned = true;
  #refresh: ReturnType<typeof setInterval> | undefined;
  #stale: ReturnType<typeof setTimeout> | undefined;

  constructor(
    viewport: HTMLElement,
    rows: HTMLElement,
    ask: (before: number | undefined, lines: number) => void,
  ) {
    this.#viewport = viewport;
    this.#rows = rows;
    this.#ask = ask;
    viewport.addEventListener('scroll', this.#scrolled, { passive: true });
  }

  dispose(): void {
    clearInterval(this.#refresh);
    clearTimeout(this.#stale);
    this.#viewport.removeEventListener('scroll', this.#scrolled);
  }

  /** True while the screen itself is in view. */
  get pinned(): boolean {
    return this.#pinned;
  }

  /** A new stream: what is held may not join what comes. */
  restart(): void {
    this.#asked = false;
    this.#clear();
    this.#request(undefined);
  }

  /** The program wrote: soon after, what may have scrolled off is fetched, so that there is something to scroll to. */
  wrote(): void {
    if (this.#stale !== undefined) return;
    this.#stale = setTimeout(() => {
      this.#stale = undefined;
      this.#request(undefined);
    }, STALE_MS);
  }

  toBottom(): void {
    this.#viewport.scrollTop = this.#viewport.scrollHeight;
  }

  /** Asks for the page above the oldest row held; false when that is the beginning. */
  older(): boolean {
    if (this.#start === 0) return false;
    this.#request(this.#start);
    return true;
  }

  /** After a change of size the view stays where it was: at the screen, if it was there. */
  keep(): void {
    if (this.#pinned) this.toBottom();
  }

  receive(page: HistoryMessage): void {
    this.#asked = false;
    if (page.total === 0 || page.epoch !== this.#epoch) this.#clear();
    this.#epoch = page.epoch;
    this.#first = page.first;
    const end = page.start + page.rows.length;
    if (page.rows.length === 0) return;
    if (this.#start === this.#end) this.#fill(page);
    else if (end === this.#start) this.#prepend(page);
    else if (page.start <= this.#end && end >= this.#end) this.#append(page);
    else this.#fill(page);
    this.keep();
  }

  #fill(page: HistoryMessage): void {
    this.#clear();
    this.#rows.append(...this.#elements(page.rows));
    this.#start = page.start;
    this.#end = page.start + page.rows.length;
    this.#rows.dataset.complete = String(page.start <= page.first);
  }

  #prepend(page: HistoryMessage): void {
    const rows = page.rows.slice(0, this.#start - page.start);
    const before = this.#viewport.scrollHeight;
    this.#rows.prepend(...this.#elements(rows));
    this.#viewport.scrollTop += this.#viewport.scrollHeight - before;
    this.#start = page.start;
    this.#rows.dataset.complete = String(page.start <= page.first);
  }

  #append(page: HistoryMessage): void {
    const rows = page.rows.slice(this.#end - page.start);
    this.#rows.append(...this.#elements(rows));
    this.#end += rows.length;
  }

  #elements(rows: readonly string[]): HTMLElement[] {
    return parseLines(rows).map(rowElement);
  }

  #clear(): void {
    this.#rows.replaceChildren();
    this.#start = 0;
    this.#end = 0;
  }

  #request(before: number | undefined): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#ask(before, PAGE);
  }

  #scrolled = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = this.#viewport;
    const pinned = scrollHeight - scrollTop - clientHeight <= AT_BOTTOM;
    if (pinned !== this.#pinned) this.#setPinned(pinned);
    if (!pinned && scrollTop < NEAR_TOP && this.#start > this.#first) this.#request(this.#start);
  };

  #setPinned(pinned: boolean): void {
    this.#pinned = pinned;
    this.#viewport.dataset.pinned = String(pinned);
    clearInterval(this.#refresh);
    if (pinned) return;
    // While one reads above, the program goes on below: the newest rows are fetched now and then.
    this.#request(undefined);
    this.#refresh = setInterval(() => this.#request(undefined), 2000);
  }
}
