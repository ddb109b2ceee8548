/** The daemon's settings, and changes of them for its next start. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { useClient } from '@/lib/client';
import type { Api } from '@/lib/http';
import { keys } from '@/lib/keys';
import type { SettingChange, SettingOrigin, SettingsView, SettingView } from '@/protocol/types';

const PATH = '/api/admin/settings';

export function daemonSettingsQuery(api: Api) {
  return queryOptions({
    queryKey: keys.daemonSettings,
    queryFn: ({ signal }) => api.get<SettingsView>(PATH, signal),
  });
}

export function useChangeSetting() {
  const { api } = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (change: SettingChange) => api.patch<SettingsView>(PATH, change),
    // The answer is the list as it is now.
    onSuccess: (view) => queries.setQueryData(keys.daemonSettings, view),
  });
}

/** Where a value comes from, in words. */
export function originWords(origin: SettingOrigin): string {
  switch (origin.from) {
    case 'default':
      return 'default';
    case 'file':
      return origin.line === null ? 'the file' : `line ${origin.line} of the file`;
    case 'variable':
      return `variable ${origin.name}`;
    case 'flag':
      return `flag ${origin.name}`;
    default:
      return origin satisfies never;
  }
}

export interface Section {
  name: string;
  settings: SettingView[];
}

/** Those that fit the words, by the first part of their keys, in the order that they come. */
export function sectionsOf(settings: SettingView[], words: string, onlyOwn: boolean): Section[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const sections: Section[] = [];
  for (const setting of settings) {
    if (onlyOwn && setting.origin.from === 'default' && setting.next === null) continue;
    const text = `${setting.key} ${setting.about ?? ''} ${setting.value}`.toLowerCase();
    if (!wanted.every((word) => text.includes(word))) continue;
    const name = setting.key.split('.')[0] ?? setting.key;
    const last = sections.find((section) => section.name === name);
    if (last) last.settings.push(setting);
    else sections.push({ name, settings: [setting] });
  }
  return sections;
}
