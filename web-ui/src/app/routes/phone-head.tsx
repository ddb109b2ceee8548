/** The top of a place on the phone: its name, and whether the connection is alive. */
import { Link } from '@tanstack/react-router';
import { Settings } from 'lucide-react';
import { Brand } from '@/components/brand';
import { Freshness } from '../shell/status-line';

export function PhoneHead({ title }: { title: string }) {
  return (
    <header className="flex h-12 shrink-0 items-center gap-2.5 border-line border-b bg-desk pr-1 pl-4">
      <Brand size={22} />
      <span className="flex-1 font-semibold">{title}</span>
      <span className="label">
        <Freshness />
      </span>
      <Link to="/settings" aria-label="Settings" className="grid size-11 place-items-center text-ink-3">
        <Settings size={18} />
      </Link>
    </header>
  );
}
