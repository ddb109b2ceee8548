/** Who one is here, how it looks, and which browsers stay logged in. */
import { useQuery } from '@tanstack/react-query';
import { clsx } from 'clsx';
import { Monitor, Moon, Sun } from 'lucide-react';
import type { ReactNode } from 'react';
import { Ago } from '@/components/time';
import { Button } from '@/components/ui/button';
import { Failed, Skeleton } from '@/components/ui/states';
import { useClient, useMe } from '@/lib/client';
import { type Theme, useTheme } from '@/lib/theme';
import type { Device } from '@/protocol/types';
import { devicesQuery, useRevoke } from './api';
import { Notifications } from './notifications';

interface SettingsPageProps {
  /** Devices exist only where the daemon itself logs people in. */
  local: boolean;
  version: string;
  onLogout(): void;
}

export function SettingsPage({ local, version, onLogout }: SettingsPageProps) {
  const { principal, roles, agents_masked } = useMe();
  return (
    <div className="mx-auto w-full max-w-2xl space-y-9 px-5 py-8">
      <h1 className="font-semibold text-lg">Settings</h1>
      <Section title="you">
        <div className="flex flex-wrap items-center gap-3">
          <div className="min-w-0 flex-1">
            <p className="font-medium">{principal.name}</p>
            <p className="truncate text-ink-3 text-sm">{roles.join(', ') || 'no role'}</p>
          </div>
          <Button onClick={onLogout}>Log out</Button>
        </div>
      </Section>
      <Section title="theme">
        <Themes />
      </Section>
      <Section
        title="notifications"
        lead="What needs you, through your browser’s push service, encrypted to this browser. Ids and numbers only: nothing that an agent or a person wrote."
      >
        <Notifications />
      </Section>
      <Section title="agents">
        <p className="text-ink-2 text-sm">
          {agents_masked
            ? 'Agents run as the user of the daemon and can read that user’s files, but not the daemon’s keys, tokens and record.'
            : 'Agents run as the user of the daemon and can read all that this user can: other agents’ files, the daemon’s keys, your secrets. Give them only what you would run yourself.'}
        </p>
      </Section>
      {local && (
        <Section
          title="browsers that stay logged in"
          lead="Each holds a key that cannot leave it. Revoke one that you do not know."
        >
          <Devices />
        </Section>
      )}
      <p className="label">orchestra {version}</p>
    </div>
  );
}

function Section({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  return (
    <section>
      <h2 className="label mb-3">{title}</h2>
      {lead && <p className="mb-3 text-ink-2 text-sm">{lead}</p>}
      {children}
    </section>
  );
}

const THEMES: { theme: Theme; word: string; icon: ReactNode }[] = [
  { theme: 'system', word: 'System', icon: <Monitor size={15} /> },
  { theme: 'dark', word: 'Dark', icon: <Moon size={15} /> },
  { theme: 'light', word: 'Light', icon: <Sun size={15} /> },
];

function Themes() {
  const { theme, choose } = useTheme();
  return (
    <div
      role="radiogroup"
      aria-label="Theme"
      className="inline-flex gap-1 rounded-md border border-line-strong p-1"
    >
      {THEMES.map((each) => (
        <button
          key={each.theme}
          type="button"
          role="radio"
          aria-checked={theme === each.theme}
          onClick={() => choose(each.theme)}
          className={clsx(
            'flex h-8 items-center gap-2 rounded-sm px-3 text-sm touch:h-11',
            theme === each.theme ? 'bg-hover text-ink' : 'text-ink-2 hover:text-ink',
          )}
        >
          {each.icon} {each.word}
        </button>
      ))}
    </div>
  );
}

function Devices() {
  const { api } = useClient();
  const devices = useQuery(devicesQuery(api));
  if (devices.isPending) return <Skeleton rows={2} waitingFor="the list of browsers" />;
  if (devices.isError) return <Failed error={devices.error} retry={() => void devices.refetch()} />;
  return (
    <ul className="divide-y divide-line rounded-lg border border-line bg-surface">
      {devices.data.map((device) => (
        <DeviceRow key={device.id} device={device} />
      ))}
    </ul>
  );
}

function DeviceRow({ device }: { device: Device }) {
  const revoke = useRevoke();
  return (
    <li className="flex items-center gap-3 px-4 py-2.5">
      <div className="min-w-0 flex-1">
        <p className="truncate text-sm">
          {device.label}
          {device.current && <span className="ml-2 text-accent text-xs">this browser</span>}
        </p>
        <p className="text-ink-3 text-xs">
          last used <Ago at={device.last_used_at} sentence />
        </p>
      </div>
      {!device.current && (
        <Button
          size="sm"
          variant="danger"
          disabled={revoke.isPending}
          onClick={() => revoke.mutate(device.id)}
        >
          Revoke
        </Button>
      )}
    </li>
  );
}
