/** Find anything: agents, tasks, places, acts. Loaded on the first use. */
import { Command } from 'cmdk';
import { Dialog } from 'radix-ui';
import { useState } from 'react';
import { StateIcon } from '@/components/state-mark';
import { showAgent, showTask } from '@/lib/states';
import { useAgents, useOpenAgent, useOpenTask, useTasks } from '../use-room';
import { GROUP, ITEM, PLACE_NAMES, Places, SearchSessions } from './palette-places';

const TASKS_SHOWN = 200;
const STARTS = 0.9;

/** Every word must be found; those at the start of something count most. */
function score(value: string, search: string): number {
  const text = value.toLowerCase();
  const wanted = search.toLowerCase().trim();
  if (text.startsWith(wanted)) return STARTS;
  const words = wanted.split(/\s+/);
  if (!words.every((word) => text.includes(word))) return 0;
  return words.every((word) => text.includes(` ${word}`) || text.startsWith(word)) ? 0.7 : 0.4;
}

export default function Palette({ onClose }: { onClose(): void }) {
  const { ranked } = useAgents();
  const tasks = useTasks();
  const openAgent = useOpenAgent();
  const openTask = useOpenTask();
  const [search, setSearch] = useState('');
  // Who types the name of a place means the place.
  const placesFirst = search !== '' && PLACE_NAMES.some((name) => score(name, search) >= STARTS);
  const run = (act: () => void) => () => {
    onClose();
    act();
  };
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-appear bg-scrim" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed inset-x-3 top-[10dvh] z-40 mx-auto max-w-xl animate-rise overflow-hidden rounded-lg border border-line-strong bg-raised shadow-2 outline-none"
        >
          <Dialog.Title className="sr-only">Find anything</Dialog.Title>
          <Command loop label="Find anything" filter={score}>
            <Command.Input
              autoFocus
              value={search}
              onValueChange={setSearch}
              placeholder="Agents, tasks, places…"
              className="h-12 w-full border-line border-b bg-transparent px-4 text-md outline-none placeholder:text-ink-3"
            />
            <Command.List className="scroll-y max-h-[56dvh] p-1.5">
              <Command.Empty className="px-3 py-6 text-center text-ink-3 text-sm">
                Nothing has that name.
              </Command.Empty>
              {placesFirst && <Places run={run} />}
              <Command.Group heading="agents" className={GROUP}>
                {ranked.map(({ agent }) => (
                  <Command.Item
                    key={agent.id}
                    value={`${agent.id} ${agent.title} ${agent.name} ${agent.kind}`}
                    onSelect={run(() => openAgent(agent))}
                    className={ITEM}
                  >
                    <StateIcon look={showAgent(agent).look} />
                    <span className="font-mono">{agent.id}</span>
                    <span className="min-w-0 flex-1 truncate text-ink-3">{agent.title}</span>
                    <span className="text-ink-3 text-xs">{showAgent(agent).word}</span>
                  </Command.Item>
                ))}
              </Command.Group>
              {!placesFirst && <Places run={run} />}
              <Command.Group heading="tasks" className={GROUP}>
                {(tasks.data ?? []).slice(0, TASKS_SHOWN).map((task) => (
                  <Command.Item
                    key={task.id}
                    value={`#${task.id} ${task.title}`}
                    onSelect={run(() => openTask(task))}
                    className={ITEM}
                  >
                    <StateIcon look={showTask(task.status).look} />
                    <span className="nums text-ink-3">#{task.id}</span>
                    <span className="min-w-0 flex-1 truncate">{task.title}</span>
                  </Command.Item>
                ))}
              </Command.Group>
              <SearchSessions words={search} run={run} />
            </Command.List>
          </Command>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
