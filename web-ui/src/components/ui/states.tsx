/** What stands where data will be, is not, or could not be had. */
import type { ReactNode } from 'react';
import { useEffect, useState } from 'react';
import { explain } from '@/lib/http';
import { Button } from './button';

/** Rows that hold the place of a list; words follow when it takes long. */
export function Skeleton({ rows = 4, waitingFor }: { rows?: number; waitingFor: string }) {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), 500);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="space-y-2 p-3" aria-busy="true">
      {Array.from({ length: rows }, (_, i) => (
        <div
          key={i}
          className="h-8 animate-pulse-slow rounded-md bg-hover"
          style={{ width: `${100 - ((i * 17) % 40)}%` }}
        />
      ))}
      <p className="label pt-1" role="status">
        {slow ? `waiting for ${waitingFor}…` : ''}
      </p>
    </div>
  );
}

/** Teaches one thing and offers one button. */
export function Empty({
  title,
  children,
  action,
  page = false,
}: {
  title: string;
  /** True where it stands for a whole page, whose heading it then is. */
  page?: boolean;
  children?: ReactNode;
  action?: ReactNode;
}) {
  const Title = page ? 'h1' : 'h2';
  return (
    <div className="mx-auto flex max-w-md flex-col items-center px-6 py-12 text-center">
      <Title className="font-semibold text-md">{title}</Title>
      {children && <div className="mt-2 space-y-3 text-ink-2 text-sm">{children}</div>}
      {action && <div className="mt-5">{action}</div>}
    </div>
  );
}

/** What happened, and the way to try again. */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  return (
    <div role="alert" className="m-3 rounded-md border border-line-strong bg-surface p-4">
      <p className="font-medium text-failed text-sm">This could not be loaded.</p>
      <p className="mt-1 text-ink-2 text-sm">{explain(error)}</p>
      {retry && (
        <Button size="sm" className="mt-3" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}
