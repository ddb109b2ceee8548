/** A state: colour and icon and word, everywhere the same. */
import { clsx } from 'clsx';
import type { Look, Shown } from '@/lib/states';

export const LOOK_TEXT: Record<Look, string> = {
  pending: 'text-pending',
  starting: 'text-starting',
  busy: 'text-busy',
  waiting: 'text-waiting',
  failed: 'text-failed',
  done: 'text-done',
  ended: 'text-ended',
  idle: 'text-idle',
};

export const LOOK_COLOUR: Record<Look, string> = {
  pending: 'var(--state-pending)',
  starting: 'var(--state-starting)',
  busy: 'var(--state-busy)',
  waiting: 'var(--state-waiting)',
  failed: 'var(--state-failed)',
  done: 'var(--state-done)',
  ended: 'var(--state-ended)',
  idle: 'var(--state-idle)',
};

/** The icon alone, 14 px, drawn so that shape tells what colour tells. */
export function StateIcon({ look, size = 14 }: { look: Look; size?: number }) {
  const pulse = look === 'busy' || look === 'starting';
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 14 14"
      aria-hidden="true"
      className={clsx('shrink-0', LOOK_TEXT[look], pulse && 'animate-pulse-slow')}
    >
      <Glyph look={look} />
    </svg>
  );
}

/** The shape inside a 14 × 14 box; the room's plan draws with it too. */
export function Glyph({ look }: { look: Look }) {
  const line = { fill: 'none', stroke: 'currentColor', strokeWidth: 1.6, strokeLinecap: 'round' } as const;
  switch (look) {
    case 'busy':
      return <circle cx="7" cy="7" r="4.6" fill="currentColor" />;
    case 'starting':
      return (
        <g>
          <circle cx="7" cy="7" r="4.4" {...line} />
          <path d="M7 7V2.6A4.4 4.4 0 0 1 11.4 7Z" fill="currentColor" />
        </g>
      );
    case 'waiting':
      return (
        <g>
          <path d="M7 .9 13.2 12.6H.8Z" fill="currentColor" strokeLinejoin="round" />
          <path d="M7 5v3.6M7 10.6v.2" stroke="var(--surface)" strokeWidth="1.5" strokeLinecap="round" />
        </g>
      );
    case 'failed':
      return <path d="m3 3 8 8m0-8-8 8" {...line} strokeWidth="2.1" />;
    case 'done':
      return <path d="m2.4 7.6 3 3 6.2-7" {...line} strokeWidth="2" />;
    case 'ended':
      return (
        <g {...line}>
          <circle cx="7" cy="7" r="4.8" />
          <path d="m3.8 10.2 6.4-6.4" />
        </g>
      );
    case 'idle':
      return <circle cx="7" cy="7" r="4.4" {...line} strokeDasharray="2.2 2.4" />;
    case 'pending':
      return <circle cx="7" cy="7" r="4.4" {...line} />;
    default:
      return look satisfies never;
  }
}

export function StateMark({ shown, className }: { shown: Shown; className?: string }) {
  return (
    <span className={clsx('inline-flex items-center gap-1.5 whitespace-nowrap text-xs', className)}>
      <StateIcon look={shown.look} size={12} />
      <span className={clsx('truncate', LOOK_TEXT[shown.look])}>{shown.word}</span>
    </span>
  );
}
