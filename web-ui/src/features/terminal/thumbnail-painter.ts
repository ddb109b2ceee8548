/** Paints sampled frames small on a canvas; rows that look the same are not painted again. */
import { BOLD, lastMeaningfulLine, parseFrame, type Row } from '@/lib/ansi';
import type { Sample } from '@/lib/terminal-hub';
import { penColours, SCREEN_FONT, screenColours } from '@/lib/terminal-theme';

/** Height of a row in cells' widths, as the live terminal draws it. */
const LINE = 2.05;

export class ThumbnailPainter {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D | null;
  #keys: string[] = [];
  #shape = '';
  #last: Sample | null = null;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d', { alpha: false });
  }

  /** Paints a frame; the answer is its last meaningful line. */
  paint(sample: Sample): string {
    this.#last = sample;
    const rows = parseFrame(sample.data, sample.cols, sample.rows);
    this.#draw(rows, sample.cols, sample.rows);
    this.#showEnd(rows, sample.cols);
    return lastMeaningfulLine(rows);
  }

  /** The box changed its size: paint the last frame anew. */
  repaint(): void {
    this.#shape = '';
    if (this.#last) this.paint(this.#last);
  }

  #draw(rows: readonly Row[], cols: number, count: number): void {
    const context = this.#context;
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const width = Math.round(this.#canvas.clientWidth * ratio);
    if (!context || width === 0) return;
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
      this.#row(context, row, at * line, cell, line, width);
    });
  }

  /** Where the frame is lower than the screen, its last written row is what shows. */
  #showEnd(rows: readonly Row[], cols: number): void {
    const frame = this.#canvas.parentElement;
    if (!frame) return;
    const line = (this.#canvas.clientWidth / cols) * LINE;
    const written = rows.findLastIndex((row) => row.runs.some((run) => run.text.trim())) + 1;
    const hidden = Math.max(0, written * line - frame.clientHeight);
    this.#canvas.style.transform = hidden ? `translateY(${-hidden}px)` : '';
  }

  #row(
    context: CanvasRenderingContext2D,
    row: Row,
    top: number,
    cell: number,
    line: number,
    width: number,
  ): void {
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
}
