/** Every setting of the daemon: what counts, where that comes from, and changes for its next start. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { CopyId } from '@/components/copy';
import { Button } from '@/components/ui/button';
import { Input } from '@/components/ui/field';
import { Empty, Failed, Skeleton } from '@/components/ui/states';
import { useClient } from '@/lib/client';
import { plural } from '@/lib/format';
import type { SettingFault, SettingsView } from '@/protocol/types';
import { DaemonSetting, Meaning } from './daemon-setting';
import { daemonSettingsQuery, sectionsOf } from './settings-api';

export function DaemonSettings() {
  const { api } = useClient();
  const settings = useQuery(daemonSettingsQuery(api));
  return (
    <div className="mx-auto w-full max-w-3xl space-y-5 px-5 py-8">
      <h1 className="font-semibold text-lg">Settings of the daemon</h1>
      {settings.isPending && <Skeleton rows={8} waitingFor="the settings" />}
      {settings.isError && <Failed error={settings.error} retry={() => void settings.refetch()} />}
      {settings.data && <Loaded view={settings.data} />}
    </div>
  );
}

function Loaded({ view }: { view: SettingsView }) {
  const [words, setWords] = useState('');
  const [onlyOwn, setOnlyOwn] = useState(false);
  const sections = sectionsOf(view.settings, words, onlyOwn);
  const waiting = view.settings.filter((setting) => setting.next !== null).length;
  return (
    <>
      <p className="text-ink-2 text-sm">
        {view.exists ? 'The file is ' : 'There is no file yet; a change makes '}
        <CopyId text={view.file} className="break-all" />. The daemon reads it when it starts. What decides
        who gets in, or what runs, is changed on its machine only.
      </p>
      {view.faults.length > 0 && <Faults faults={view.faults} />}
      {waiting > 0 && (
        <p role="status" className="rounded-md border border-line-strong bg-surface px-4 py-3 text-sm">
          {plural(waiting, 'setting')} will count from the next start of the daemon. Agents run on while it is
          away.
        </p>
      )}
      <div className="flex flex-wrap items-center gap-x-5 gap-y-2">
        <Input
          type="search"
          aria-label="Find a setting"
          placeholder="Find a setting"
          className="min-w-0 flex-1 basis-60"
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
        <Button
          aria-pressed={onlyOwn}
          variant={onlyOwn ? 'accent' : 'line'}
          onClick={() => setOnlyOwn((on) => !on)}
        >
          Only what is not the default
        </Button>
      </div>
      {sections.length === 0 && (
        <Empty title={words ? 'No setting fits these words' : 'Every setting has its default'} />
      )}
      {sections.map((section) => (
        <section key={section.name} aria-label={section.name}>
          <h2 className="label mb-2">{section.name}</h2>
          <ul className="divide-y divide-line rounded-lg border border-line bg-surface">
            {section.settings.map((setting) => (
              <DaemonSetting key={setting.key} setting={setting} />
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

function Faults({ faults }: { faults: SettingFault[] }) {
  return (
    <div role="alert" className="rounded-md border border-failed bg-surface px-4 py-3 text-sm">
      <p className="font-medium text-failed">The daemon would not start again with this:</p>
      <ul className="mt-1 space-y-1">
        {faults.map((fault) => (
          <li key={`${fault.place} ${fault.key}`} className="break-words">
            <span className="font-mono text-ink-2 text-xs">{fault.place}</span>{' '}
            {fault.key && `${fault.key}: `}
            <Meaning text={fault.message} />
          </li>
        ))}
      </ul>
    </div>
  );
}
