/** Paints sampled frames small on a canvas, in the page or beside it; rows that look the same are not painted again. */
import { BOLD, lastMeaningfulLine, parseFrame, type Row } from '@/lib/ansi';
import { penColours, SCREEN_FONT, screenColours } from '@/lib/terminal-theme';

/** Height of a row in cells' widths, as the live terminal draws it. */
const LINE = 2.05;

/** A whole screen. */
export interface Picture {
  data: string;
  cols: number;
  rows: number;
}

/** The box that shows the upper part of a canvas, in CSS pixels. */
export interface Box {
  width: number;
  height: number;
  /** Pixels of the canvas for each of CSS. */
  ratio: number;
}

/** What a painting tells the page. */
export interface Painted {
  /** The last line that says something. */
  caption: string;
  /** CSS pixels by which the canvas is moved up, so that the last written row is in its box. */
  up: number;
}

type Surface = HTMLCanvasElement | OffscreenCanvas;
type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

export class ThumbnailPainter {
  readonly #canvas: Surface;
  readonly #context: Context | null;
  #box: Box = { width: 0, height: 0, ratio: 1 };
  #keys: string[] = [];
  #shape = '';
  #last: Picture | null = null;

  constructor(canvas: Surface) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d', { alpha: false }) as Context | null;
  }

  /** Paints a frame; null while there is no room to paint on. */
  paint(picture: Picture): Painted | null {
    this.#last = picture;
    if (!this.#context || this.#box.width === 0) return null;
    const rows = parseFrame(picture.data, picture.cols, picture.rows);
    this.#draw(this.#context, rows, picture);
    return { caption: lastMeaningfulLine(rows), up: this.#hidden(rows, picture.cols) };
  }

  /** The box, the fonts or the colours are others: paints the last frame anew. */
  repaint(box: Box = this.#box): Painted | null {
    this.#box = box;
    this.#shape = '';
    return this.#last && this.paint(this.#last);
  }

  #draw(context: Context, rows: readonly Row[], { cols, rows: count }: Picture): void {
    const width = Math.round(this.#box.width * this.#box.ratio);
    const cell = width / cols;
    const line = cell * LINE;
    const height = Math.round(line * count);
    const shape = `${width}x${height}x${cols}`;
    if (shape !== this.#shape) {
      this.#shape = shape;
      this.#keys = [];
      this.#canvas.width = width;
      this.#canvas.height = height;
      context.fillStyle = screenColours().background;
      context.fillRect(0, 0, width, height);
    }
    context.textBaseline = 'middle';
    rows.forEach((row, at) => {
      if (this.#keys[at] === row.key) return;
      this.#keys[at] = row.key;
      drawRow(context, row, at * line, cell, line, width);
    });
  }

  /** Where the box is lower than the screen, its last written row is what shows. */
  #hidden(rows: readonly Row[], cols: number): number {
    const line = (this.#box.width / cols) * LINE;
    const written = rows.findLastIndex((row) => row.runs.some((run) => run.text.trim())) + 1;
    return Math.max(0, written * line - this.#box.height);
  }
}

function drawRow(context: Context, row: Row, top: number, cell: number, line: number, width: number): void {
  context.globalAlpha = 1;
  context.fillStyle = screenColours().background;
  context.fillRect(0, top, width, line + 0.5);
  for (const run of row.runs) {
    const { fg, bg, alpha } = penColours(run);
    if (bg) {
      context.globalAlpha = 1;
      context.fillStyle = bg;
      context.fillRect(run.col * cell, top, run.width * cell, line);
    }
    const text = run.text.trimEnd();
    if (!text) continue;
    context.font = `${run.flags & BOLD ? 700 : 400} ${cell / 0.6}px ${SCREEN_FONT}`;
    context.globalAlpha = alpha;
    context.fillStyle = fg;
    context.fillText(text, run.col * cell, top + line / 2);
  }
}
