/** The places, at the left edge; on the phone they are tabs at the bottom. */
import { Link } from '@tanstack/react-router';
import { clsx } from 'clsx';
import {
  GitBranch,
  Grid2x2,
  History,
  House,
  ListTodo,
  MessageSquare,
  Search,
  Settings,
  ShieldQuestion,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { Brand } from '@/components/brand';
import { IconButton } from '@/components/ui/button';
import { Tip } from '@/components/ui/tip';
import { useMay } from '@/lib/client';
import { useLayout } from '../layout-store';

interface Place {
  to: '/' | '/approvals' | '/chat' | '/wall' | '/tasks' | '/sessions' | '/worktrees' | '/settings';
  name: string;
  keys: string;
  icon: ReactNode;
  /** What a tab of the phone has room for, where that is less. */
  tab?: string;
}

const PLACES: Place[] = [
  { to: '/', name: 'Home', keys: 'g h', icon: <House size={18} /> },
  { to: '/approvals', name: 'Approvals', keys: 'g i', icon: <ShieldQuestion size={18} /> },
  { to: '/chat', name: 'Chat', keys: 'c', icon: <MessageSquare size={18} /> },
  { to: '/wall', name: 'Wall', keys: 'g w', icon: <Grid2x2 size={18} /> },
  { to: '/tasks', name: 'Tasks', keys: 'g t', icon: <ListTodo size={18} /> },
  { to: '/sessions', name: 'Sessions', keys: 'g s', icon: <History size={18} /> },
  { to: '/worktrees', name: 'Worktrees', keys: 'g b', icon: <GitBranch size={18} />, tab: 'Trees' },
];

/** Where the caller may go. */
function usePlaces(): Place[] {
  const reads = useMay('transcripts:read');
  return PLACES.filter(({ to }) => to !== '/sessions' || reads);
}

const SETTINGS: Place = { to: '/settings', name: 'Settings', keys: 'g a', icon: <Settings size={18} /> };

/** How much waits, by place. */
export interface Counts {
  needs: number;
  approvals: number;
  plans: number;
}

function countOf(place: Place, { needs, approvals, plans }: Counts): number {
  if (place.to === '/approvals') return approvals;
  return place.to === '/' ? needs : place.to === '/tasks' ? plans : 0;
}

export function Rail({ counts }: { counts: Counts }) {
  const show = useLayout((state) => state.show);
  const places = usePlaces();
  return (
    <nav
      aria-label="Places"
      className="flex w-12 shrink-0 flex-col items-center gap-1 border-line border-r bg-desk py-2.5"
    >
      <div className="mb-2 grid size-9 place-items-center text-ink">
        <Brand size={26} />
      </div>
      {places.map((place) => (
        <RailLink key={place.to} place={place} count={countOf(place, counts)} />
      ))}
      <div className="flex-1" />
      <IconButton label="Find anything" keys="mod+k" className="size-9" onClick={() => show('palette')}>
        <Search size={18} />
      </IconButton>
      <RailLink place={SETTINGS} count={0} />
    </nav>
  );
}

function RailLink({ place, count }: { place: Place; count: number }) {
  return (
    <Tip text={place.name} keys={place.keys}>
      <Link
        to={place.to}
        activeOptions={{ exact: place.to === '/' }}
        aria-label={count ? `${place.name}, ${count} waiting` : place.name}
        className="relative grid size-9 place-items-center rounded-md text-ink-3 transition-colors duration-(--fast) hover:bg-hover hover:text-ink touch:size-11"
        activeProps={{ className: 'bg-hover text-ink!' }}
      >
        {place.icon}
        <Count count={count} />
      </Link>
    </Tip>
  );
}

function Count({ count, className = '-top-0.5 -right-0.5' }: { count: number; className?: string }) {
  if (count === 0) return null;
  return (
    <span
      className={clsx(
        'nums absolute grid h-4 min-w-4 place-items-center rounded-full bg-waiting px-1 font-semibold text-[10.5px] text-desk leading-none',
        className,
      )}
    >
      {count}
    </span>
  );
}

export function BottomTabs({ counts }: { counts: Counts }) {
  const show = useLayout((state) => state.show);
  const places = usePlaces();
  const tab =
    'relative flex h-13 min-w-0 flex-1 flex-col items-center justify-center gap-0.5 text-[11px] text-ink-3';
  return (
    <nav aria-label="Places" className="flex border-line border-t bg-desk pb-safe">
      {places.map((place) => (
        <Link
          key={place.to}
          to={place.to}
          activeOptions={{ exact: place.to === '/' }}
          aria-label={place.tab ? place.name : undefined}
          className={tab}
          activeProps={{ className: 'text-ink!' }}
        >
          <span className="relative">
            {place.icon}
            <Count count={countOf(place, counts)} className="-top-1.5 left-3" />
          </span>
          {place.tab ?? place.name}
        </Link>
      ))}
      <button type="button" className={clsx(tab)} onClick={() => show('palette')}>
        <Search size={18} />
        Find
      </button>
    </nav>
  );
}
