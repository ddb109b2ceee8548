/** Rows as DOM: history above the screen, selectable and searchable like any text. */
import { BOLD, HIDDEN, ITALIC, type Row, STRIKE, UNDERLINE } from '@/lib/ansi';
import { penColours } from '@/lib/terminal-theme';

export function rowElement(row: Row): HTMLDivElement {
  const line = document.createElement('div');
  let col = 0;
  for (const run of row.runs) {
    if (run.col > col) line.append(' '.repeat(run.col - col));
    line.append(runNode(run));
    col = run.col + run.width;
  }
  if (row.runs.length === 0) line.append(' ');
  return line;
}

function runNode(run: Row['runs'][number]): Node {
  if (run.fg < 0 && run.bg < 0 && run.flags === 0) return document.createTextNode(run.text);
  const span = document.createElement('span');
  const { fg, bg, alpha } = penColours(run);
  span.textContent = run.text;
  span.style.color = fg;
  if (bg) span.style.backgroundColor = bg;
  if (alpha < 1) span.style.opacity = String(alpha);
  if (run.flags & BOLD) span.style.fontWeight = '700';
  if (run.flags & ITALIC) span.style.fontStyle = 'italic';
  if (run.flags & UNDERLINE) span.style.textDecoration = 'underline';
  if (run.flags & STRIKE) span.style.textDecoration = 'line-through';
  if (run.flags & HIDDEN) span.style.visibility = 'hidden';
  return span;
}
