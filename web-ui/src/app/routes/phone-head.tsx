/** The top of a place on the phone: its name, and whether the connection is alive. */
import { Link } from '@tanstack/react-router';
import { Settings } from 'lucide-react';
import type { ReactNode } from 'react';
import { Brand } from '@/components/brand';
import { Freshness } from '../shell/status-line';

interface PhoneHeadProps {
  title: ReactNode;
  /** What one can do here; without it, the way to the settings. */
  menu?: ReactNode;
}

export function PhoneHead({ title, menu }: PhoneHeadProps) {
  return (
    <header className="flex h-12 shrink-0 items-center gap-2.5 border-line border-b bg-desk pr-1 pl-4">
      <Brand size={22} />
      <span className="flex min-w-0 flex-1 items-center gap-2 overflow-hidden font-semibold">{title}</span>
      <span className="label">
        <Freshness />
      </span>
      {menu ?? (
        <Link to="/settings" aria-label="Settings" className="grid size-11 place-items-center text-ink-3">
          <Settings size={18} />
        </Link>
      )}
    </header>
  );
}
