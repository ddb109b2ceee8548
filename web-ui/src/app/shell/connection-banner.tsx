/** Says that the page shows the past, since when, and what happens next. */
import { Button } from '@/components/ui/button';
import { useClient } from '@/lib/client';
import { clock, duration } from '@/lib/format';
import { useNow } from '@/lib/use-now';
import { useSocketStatus } from '@/lib/use-socket-status';

/** A short break is nobody's business. */
const PATIENCE_MS = 2500;

export function useStale(): boolean {
  const status = useSocketStatus();
  const now = useNow();
  if (status.phase === 'live') return false;
  return now - (status.heardAt ?? status.since) > PATIENCE_MS;
}

export function ConnectionBanner() {
  const { socket } = useClient();
  const status = useSocketStatus();
  const now = useNow();
  if (!useStale()) return null;
  const since = clock(new Date(status.heardAt ?? status.since).toISOString());
  const next =
    status.phase === 'waiting' && status.retryAt && status.retryAt > now + 1000
      ? `Trying again in ${duration(status.retryAt - now)}.`
      : 'Trying again…';
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-x-3 gap-y-1 border-line border-b bg-raised px-4 py-1.5 text-sm"
    >
      <span className="size-2 rounded-full bg-failed" />
      <span className="min-w-0 flex-1">
        <strong className="font-medium">No connection since {since}.</strong>{' '}
        <span className="text-ink-2">Your agents run on. You see what was known then. {next}</span>
      </span>
      <Button size="sm" onClick={() => socket.wake()}>
        Try now
      </Button>
    </div>
  );
}
