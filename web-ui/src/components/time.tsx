/** Times: short and relative, exact on hover. */
import { ago, duration, exact } from '@/lib/format';
import { useNow } from '@/lib/use-now';

export function Ago({ at, className, sentence }: { at: string; className?: string; sentence?: boolean }) {
  const short = ago(at, useNow());
  return (
    <time dateTime={at} title={exact(at)} className={`nums ${className ?? ''}`}>
      {sentence && short !== 'now' ? `${short} ago` : short}
    </time>
  );
}

/** How long something lasts, still counting while `until` is null. */
export function Elapsed({ from, until }: { from: string; until: string | null }) {
  const now = useNow();
  const end = until ? Date.parse(until) : now;
  return (
    <time dateTime={from} title={`since ${exact(from)}`} className="nums">
      {duration(end - Date.parse(from))}
    </time>
  );
}
