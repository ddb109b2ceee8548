/** The lowest line: is the connection alive, what does the room do, what has it used. */
import { clsx } from 'clsx';
import { ago, dollars, duration, plural, tokens } from '@/lib/format';
import type { Ranked } from '@/lib/need';
import { isLive } from '@/lib/states';
import { useNow } from '@/lib/use-now';
import { useSocketStatus } from '@/lib/use-socket-status';
import { useLayout } from '../layout-store';

/** `ranked` is undefined while nobody could be asked. */
export function StatusLine({ ranked }: { ranked: readonly Ranked[] | undefined }) {
  const show = useLayout((state) => state.show);
  const live = (ranked ?? []).filter(({ agent }) => isLive(agent));
  const busy = live.filter(({ need }) => need === 'busy').length;
  const spent = live.map(({ agent }) => agent.usage).filter(({ input_tokens }) => input_tokens);
  const used = spent.reduce((sum, one) => sum + (one.input_tokens ?? 0) + (one.output_tokens ?? 0), 0);
  const cost = spent.reduce((sum, one) => sum + (one.cost_usd ?? 0), 0);
  // A model without a price costs something all the same.
  const more = spent.some((one) => one.cost_usd === null);
  return (
    <footer className="label flex h-6 shrink-0 items-center gap-4 overflow-hidden whitespace-nowrap border-line border-t bg-desk px-3">
      <Freshness />
      {ranked && (
        <span className="nums">
          {plural(live.length, 'agent')}, {busy} busy
        </span>
      )}
      {used > 0 && <span className="nums">{tokens(used)} tokens</span>}
      {cost > 0 && <span className="nums">{more ? `over ${dollars(cost)}` : dollars(cost)}</span>}
      <span className="flex-1" />
      <button type="button" className="hover:text-ink touch:hidden" onClick={() => show('help')}>
        ? keys
      </button>
    </footer>
  );
}

/** Never a lie: a dot, and how old the newest word of the daemon is. */
export function Freshness() {
  const status = useSocketStatus();
  const now = useNow();
  const live = status.phase === 'live';
  const quiet = status.heardAt ? now - status.heardAt : 0;
  const text = live
    ? quiet > 20_000
      ? `no word for ${duration(quiet)}`
      : `live${status.rttMs === null ? '' : ` · ${status.rttMs} ms`}`
    : status.phase === 'connecting'
      ? 'connecting…'
      : status.phase === 'logged_out'
        ? 'logged out'
        : `offline · ${ago(new Date(status.since).toISOString(), now)}`;
  return (
    <span className="nums flex items-center gap-1.5" role="status">
      <span
        className={clsx(
          'size-1.5 rounded-full',
          live ? (quiet > 20_000 ? 'bg-waiting' : 'bg-done') : 'bg-failed',
        )}
      />
      {text}
    </span>
  );
}
