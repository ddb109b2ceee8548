/** Places to go and things to do, for the palette. */
import { useNavigate } from '@tanstack/react-router';
import { Command } from 'cmdk';
import {
  BellRing,
  GitBranch,
  Grid2x2,
  History,
  House,
  Keyboard,
  ListTodo,
  MessageSquare,
  Moon,
  Plus,
  ScrollText,
  Settings,
  ShieldQuestion,
  SlidersHorizontal,
  Sun,
  Users,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { Keys } from '@/components/ui/kbd';
import { useMay } from '@/lib/client';
import { nextInNeed } from '@/lib/need';
import { useTheme } from '@/lib/theme';
import { useLayout } from '../layout-store';
import { useAgents, useOpenAgent } from '../use-room';

export const ITEM =
  'flex h-9 touch:h-11 cursor-pointer items-center gap-3 rounded-md px-2.5 text-sm data-[selected=true]:bg-hover';
export const GROUP =
  '[&_[cmdk-group-heading]]:label [&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-3 [&_[cmdk-group-heading]]:pb-1';

export const PLACE_NAMES = [
  'New agent',
  'Home',
  'Approvals',
  'Chat with the primary',
  'Wall',
  'Tasks',
  'Sessions',
  'Worktrees',
  'Settings',
  'People',
  'Audit',
  'Keys',
];

export function Places({ run }: { run(act: () => void): () => void }) {
  const navigate = useNavigate();
  const show = useLayout((state) => state.show);
  const maySpawn = useMay('agents:spawn');
  const mayRead = useMay('transcripts:read');
  const people = useMay('users:manage');
  const record = useMay('audit:read');
  const daemon = useMay('settings:manage');
  const { ranked } = useAgents();
  const openAgent = useOpenAgent();
  const choose = useTheme((state) => state.choose);
  const next = nextInNeed(ranked, null);
  const places: { name: string; icon: ReactNode; keys?: string; act(): void }[] = [
    ...(next
      ? [
          {
            name: `Next that needs you: ${next.id}`,
            icon: <BellRing size={15} />,
            keys: 'n',
            act: () => openAgent(next),
          },
        ]
      : []),
    ...(maySpawn
      ? [{ name: 'New agent', icon: <Plus size={15} />, keys: 's', act: () => show('spawn') }]
      : []),
    { name: 'Home', icon: <House size={15} />, keys: 'g h', act: () => void navigate({ to: '/' }) },
    {
      name: 'Approvals',
      icon: <ShieldQuestion size={15} />,
      keys: 'g i',
      act: () => void navigate({ to: '/approvals' }),
    },
    {
      name: 'Chat with the primary',
      icon: <MessageSquare size={15} />,
      keys: 'c',
      act: () => void navigate({ to: '/chat', search: {} }),
    },
    { name: 'Wall', icon: <Grid2x2 size={15} />, keys: 'g w', act: () => void navigate({ to: '/wall' }) },
    {
      name: 'Tasks',
      icon: <ListTodo size={15} />,
      keys: 'g t',
      act: () => void navigate({ to: '/tasks', search: {} }),
    },
    ...(mayRead
      ? [
          {
            name: 'Sessions',
            icon: <History size={15} />,
            keys: 'g s',
            act: () => void navigate({ to: '/sessions', search: {} }),
          },
        ]
      : []),
    {
      name: 'Worktrees',
      icon: <GitBranch size={15} />,
      keys: 'g b',
      act: () => void navigate({ to: '/worktrees' }),
    },
    {
      name: 'Settings',
      icon: <Settings size={15} />,
      keys: 'g a',
      act: () => void navigate({ to: '/settings' }),
    },
    ...(people
      ? [{ name: 'People', icon: <Users size={15} />, act: () => void navigate({ to: '/admin' }) }]
      : []),
    ...(record
      ? [{ name: 'Audit', icon: <ScrollText size={15} />, act: () => void navigate({ to: '/audit' }) }]
      : []),
    ...(daemon
      ? [
          {
            name: 'Settings of the daemon',
            icon: <SlidersHorizontal size={15} />,
            act: () => void navigate({ to: '/admin/settings' }),
          },
        ]
      : []),
    { name: 'Dark theme', icon: <Moon size={15} />, act: () => choose('dark') },
    { name: 'Light theme', icon: <Sun size={15} />, act: () => choose('light') },
    { name: 'Keys', icon: <Keyboard size={15} />, keys: '?', act: () => show('help') },
  ];
  return (
    <Command.Group heading="go and act" className={GROUP}>
      {places.map((place) => (
        <Command.Item key={place.name} value={place.name} onSelect={run(place.act)} className={ITEM}>
          <span className="grid w-3.5 place-items-center text-ink-3">{place.icon}</span>
          <span className="flex-1">{place.name}</span>
          {place.keys && <Keys keys={place.keys} />}
        </Command.Item>
      ))}
    </Command.Group>
  );
}

/** What has no name here may stand in a session. */
export function SearchSessions({ words, run }: { words: string; run(act: () => void): () => void }) {
  const navigate = useNavigate();
  const mayRead = useMay('transcripts:read');
  const q = words.trim();
  if (!mayRead || q === '') return null;
  return (
    <Command.Group heading="everywhere" className={GROUP} forceMount>
      <Command.Item
        forceMount
        value={`search sessions ${q}`}
        onSelect={run(() => void navigate({ to: '/sessions', search: { q } }))}
        className={ITEM}
      >
        <span className="grid w-3.5 place-items-center text-ink-3">
          <History size={15} />
        </span>
        <span className="min-w-0 flex-1 truncate">Search all sessions for “{q}”</span>
      </Command.Item>
    </Command.Group>
  );
}
