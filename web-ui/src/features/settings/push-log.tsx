/** What was told to one's browsers, newest first; what failed says why. */
import { useQuery } from '@tanstack/react-query';
import { clsx } from 'clsx';
import { Check, Clock, Minus, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { Ago } from '@/components/time';
import { Failed, Skeleton } from '@/components/ui/states';
import { useClient } from '@/lib/client';
import type { PushDelivery, PushState } from '@/protocol/types';
import { deliveriesQuery } from './push-api';

const STATES: Record<PushState, { word: string; look: string; icon: ReactNode }> = {
  queued: { word: 'waiting', look: 'text-ink-2', icon: <Clock size={14} /> },
  sent: { word: 'sent', look: 'text-done', icon: <Check size={14} /> },
  dropped: { word: 'not needed', look: 'text-ink-3', icon: <Minus size={14} /> },
  failed: { word: 'failed', look: 'text-failed', icon: <X size={14} /> },
};

export function PushLog() {
  const { api } = useClient();
  const log = useQuery(deliveriesQuery(api));
  return (
    <section aria-label="What was told">
      <h3 className="mb-2 text-ink-2 text-sm">What was told</h3>
      {log.isPending && <Skeleton rows={2} waitingFor="the log" />}
      {log.isError && <Failed error={log.error} retry={() => void log.refetch()} />}
      {log.data?.length === 0 && (
        <p className="rounded-lg border border-line bg-surface px-4 py-3 text-ink-3 text-sm">
          Nothing yet. Send a test to see whether notifications arrive.
        </p>
      )}
      {log.data && log.data.length > 0 && (
        <ul className="divide-y divide-line rounded-lg border border-line bg-surface">
          {log.data.map((one) => (
            <Telling key={one.id} one={one} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Telling({ one }: { one: PushDelivery }) {
  const { word, look, icon } = STATES[one.state];
  return (
    <li className="flex items-start gap-3 px-4 py-2.5" data-delivery={one.state}>
      <div className="min-w-0 flex-1">
        <p className="truncate text-sm">{one.title}</p>
        <p className="text-ink-3 text-xs">
          {one.label}, <Ago at={one.created_at} sentence />
          {one.attempts > 1 && `, ${one.attempts} tries`}
        </p>
        {one.reason && <p className="mt-0.5 text-ink-2 text-xs">{one.reason}</p>}
      </div>
      <span className={clsx('flex shrink-0 items-center gap-1.5 pt-0.5 text-xs', look)}>
        {icon} {word}
      </span>
    </li>
  );
}
