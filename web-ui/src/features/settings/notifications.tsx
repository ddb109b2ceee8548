/** Web push: switches for this browser, the others that are told, a test, and what became of each telling. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Ago } from '@/components/time';
import { Button } from '@/components/ui/button';
import { Failed, Skeleton } from '@/components/ui/states';
import { Switch } from '@/components/ui/switch';
import { useClient } from '@/lib/client';
import { type Ability, ability, EVERYTHING, own } from '@/lib/push';
import type { PushKinds, PushSubscriptions, PushSubscription as Told } from '@/protocol/types';
import { toldQuery, usePushActs } from './push-api';
import { PushLog } from './push-log';

const KINDS: { kind: keyof PushKinds; label: string; help: string }[] = [
  { kind: 'approvals', label: 'Approvals', help: 'An agent asks before it uses a tool.' },
  {
    kind: 'questions',
    label: 'Questions',
    help: 'An agent asks you something, or a plan waits for your yes.',
  },
  { kind: 'failures', label: 'Failures', help: 'An agent or a task failed, or a message did not arrive.' },
  { kind: 'results', label: 'Results', help: 'A task is done, or an agent answered.' },
];

const CANNOT: Record<Exclude<Ability, 'able'>, string> = {
  insecure:
    'This page was opened without TLS. Browsers show notifications only for https and for localhost; open it there.',
  install:
    'On the iPhone and iPad notifications work once the page is on the home screen: tap Share, then “Add to Home Screen”, open it from there and come back here.',
  unsupported: 'This browser has no web push. A current Chrome, Firefox, Edge or Safari has.',
  denied:
    'You told this browser to show no notifications of this page. Allow them in the browser’s settings for this site, then load the page again.',
};

export function Notifications() {
  const { api } = useClient();
  const told = useQuery(toldQuery(api));
  if (told.isPending) return <Skeleton rows={3} waitingFor="the notifications" />;
  if (told.isError) return <Failed error={told.error} retry={() => void told.refetch()} />;
  return <Sound told={told.data} />;
}

function Sound({ told }: { told: PushSubscriptions }) {
  const [can, setCan] = useState(ability);
  const here = own(told.items);
  const others = told.items.filter((one) => one !== here);
  return (
    <div className="space-y-4">
      {can === 'able' ? (
        <Here told={told} here={here} onRefused={() => setCan(ability())} />
      ) : (
        <p className="rounded-lg border border-line bg-surface px-4 py-3 text-ink-2 text-sm">{CANNOT[can]}</p>
      )}
      {others.length > 0 && <Others others={others} />}
      {told.items.length > 0 && <PushLog />}
    </div>
  );
}

interface HereProps {
  told: PushSubscriptions;
  here: Told | undefined;
  onRefused(): void;
}

function Here({ told, here, onRefused }: HereProps) {
  const { tell, stop, test } = usePushActs();
  const set = (kinds: PushKinds) => tell.mutate({ key: told.public_key, kinds }, { onError: onRefused });
  if (!here) {
    return (
      <div className="flex flex-wrap items-center gap-3 rounded-lg border border-line bg-surface px-4 py-3">
        <p className="min-w-52 flex-1 text-ink-2 text-sm">
          This browser can tell you when an agent needs you, also while the page is closed.
        </p>
        <Button variant="solid" disabled={tell.isPending} onClick={() => set(EVERYTHING)}>
          {tell.isPending ? 'Switching on…' : 'Switch on here'}
        </Button>
      </div>
    );
  }
  return (
    <div className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface">
      {KINDS.map(({ kind, label, help }) => (
        <Switch
          key={kind}
          label={label}
          help={help}
          on={here.kinds[kind]}
          disabled={tell.isPending}
          onChange={(on) => set({ ...here.kinds, [kind]: on })}
        />
      ))}
      <div className="flex flex-wrap items-center gap-2 px-4 py-3">
        <p className="min-w-40 flex-1 text-ink-3 text-xs">
          Told through {here.service}, which cannot read it.
        </p>
        <Button size="sm" disabled={test.isPending} onClick={() => test.mutate(here.id)}>
          Send a test
        </Button>
        <Button size="sm" variant="danger" disabled={stop.isPending} onClick={() => stop.mutate()}>
          Switch off here
        </Button>
      </div>
    </div>
  );
}

function Others({ others }: { others: readonly Told[] }) {
  const { remove } = usePushActs();
  return (
    <section aria-label="Other browsers that are told">
      <h3 className="mb-2 text-ink-2 text-sm">Other browsers that are told</h3>
      <ul className="divide-y divide-line rounded-lg border border-line bg-surface">
        {others.map((one) => (
          <li key={one.id} className="flex items-center gap-3 px-4 py-2.5">
            <div className="min-w-0 flex-1">
              <p className="truncate text-sm">{one.label}</p>
              <p className="text-ink-3 text-xs">
                {one.last_sent_at ? (
                  <>
                    last told <Ago at={one.last_sent_at} sentence />
                  </>
                ) : (
                  'not told yet'
                )}
              </p>
            </div>
            <Button
              size="sm"
              variant="danger"
              aria-label={`Remove ${one.label}`}
              disabled={remove.isPending}
              onClick={() => remove.mutate(one.id)}
            >
              Remove
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
