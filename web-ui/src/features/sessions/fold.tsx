/** Something long behind one line. */
import { clsx } from 'clsx';
import { ChevronRight } from 'lucide-react';
import { type ReactNode, useState } from 'react';

interface FoldProps {
  title: string;
  rest: string;
  /** Stands at the end of the line. */
  side?: ReactNode;
  failed?: boolean;
  open?: boolean;
  children: ReactNode;
}

export function Fold({ title, rest, side, failed = false, open: first = false, children }: FoldProps) {
  const [open, setOpen] = useState(first);
  return (
    <div
      className={clsx(
        'overflow-hidden rounded-md border bg-surface',
        failed ? 'border-failed/60' : 'border-line',
      )}
    >
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="flex min-h-8 w-full items-center gap-2 px-2.5 text-left text-sm hover:bg-hover/60 focus-visible:-outline-offset-2 touch:min-h-11"
      >
        <ChevronRight
          size={13}
          className={clsx('shrink-0 text-ink-3 transition-transform duration-(--fast)', open && 'rotate-90')}
        />
        <span className="shrink-0 font-medium text-ink-2">{title}</span>
        <span className="min-w-0 flex-1 truncate font-mono text-ink-3 text-xs">{rest}</span>
        {side}
      </button>
      {open && <div className="border-line border-t">{children}</div>}
    </div>
  );
}
