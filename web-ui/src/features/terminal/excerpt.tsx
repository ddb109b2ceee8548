/** The end of a screen as text one can read, and its last line alone: live, but never through React state. */
import { clsx } from 'clsx';
import { useRef } from 'react';
import { lastMeaningfulLine, parseFrame, type Row, rowText } from '@/lib/ansi';
import { rowElement } from './paint-rows';
import { useSampled } from './use-sampled';

/** The last written rows, without the empty ones around them. */
export function endOf(rows: readonly Row[], count: number): readonly Row[] {
  const blank = (row: Row | undefined) => !row || rowText(row).trim() === '';
  const end = rows.findLastIndex((row) => !blank(row)) + 1;
  let start = Math.max(0, end - count);
  while (start < end && blank(rows[start])) start += 1;
  return rows.slice(start, end);
}

interface ExcerptProps {
  sessionId: string;
  rows?: number;
}

export function Excerpt({ sessionId, rows = 10 }: ExcerptProps) {
  const area = useRef<HTMLDivElement>(null);
  const shown = useRef('');
  useSampled(area, sessionId, (sample) => {
    const end = endOf(parseFrame(sample.data, sample.cols, sample.rows), rows);
    const key = end.map((row) => row.key).join('\n');
    if (key === shown.current) return;
    shown.current = key;
    area.current?.replaceChildren(...end.map(rowElement));
  });
  return (
    <div className="bg-screen px-3 py-2" style={{ minHeight: `${rows * 16 + 16}px` }}>
      <div
        ref={area}
        className="min-h-4 overflow-hidden whitespace-pre text-left font-mono text-[11px] text-screen-ink leading-4 [font-variant-ligatures:none] [mask-image:linear-gradient(to_right,#000_calc(100%-32px),transparent)]"
      />
    </div>
  );
}

/** What an agent's screen says last, on one line. */
export function LastLine({ sessionId, className }: { sessionId: string; className?: string }) {
  const line = useRef<HTMLSpanElement>(null);
  const say = (text: string) => {
    if (line.current && line.current.textContent !== text) line.current.textContent = text;
  };
  useSampled(
    line,
    sessionId,
    ({ data, cols, rows }) => say(lastMeaningfulLine(parseFrame(data, cols, rows))),
    // The terminal itself is open beside: an old line would only contradict it.
    () => say(''),
  );
  return (
    <span ref={line} className={clsx('block h-4 truncate font-mono text-[11px] leading-4', className)} />
  );
}
