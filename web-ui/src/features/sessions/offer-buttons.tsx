/** What one tap does with a session: go on with it, go on in a copy, open the agent that has it, or why nothing can. */
import { GitFork, Play, SquareTerminal } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from '@/components/ui/button';
import type { Transcript } from '@/protocol/types';
import { offerOf } from './shown';

export interface SessionActs {
  /** The caller may start agents. */
  may: boolean;
  /** A session that is being resumed now. */
  pending: string | null;
  resume(session: Transcript, fork: boolean): void;
  openAgent(agentId: string): void;
}

interface OfferButtonsProps {
  session: Transcript;
  acts: SessionActs;
  /** Icons only. */
  small?: boolean;
}

export function OfferButtons({ session, acts, small = false }: OfferButtonsProps) {
  const offer = offerOf(session);
  const name = session.title || session.session;
  const busy = acts.pending !== null;
  const fork = () => acts.resume(session, true);
  if (offer.act === 'open') {
    const open = () => acts.openAgent(offer.agentId);
    return small ? (
      <IconOnly label={`Open ${offer.agentId}`} onClick={open}>
        <SquareTerminal size={16} />
      </IconOnly>
    ) : (
      <Side>
        <Button size="sm" aria-label={`Open ${offer.agentId}, which has this session`} onClick={open}>
          <SquareTerminal size={14} /> {offer.agentId}
        </Button>
        {acts.may && <ForkButton name={name} disabled={busy} onClick={fork} />}
      </Side>
    );
  }
  if (!acts.may || offer.act === 'none') {
    if (small) return null;
    const why = offer.act === 'none' ? offer.why : 'you may not start agents';
    return (
      <Side>
        <span
          title={`Cannot be resumed: ${why}`}
          className="line-clamp-2 text-right text-ink-3 text-xs leading-tight [overflow-wrap:anywhere]"
        >
          {why}
        </span>
      </Side>
    );
  }
  const pending = acts.pending === session.id;
  const main = offer.act === 'resume' ? () => acts.resume(session, false) : fork;
  const word = offer.act === 'resume' ? 'Resume' : 'Fork';
  const Icon = offer.act === 'resume' ? Play : GitFork;
  if (small) {
    return (
      <IconOnly label={`${word} ${name}`} disabled={busy} onClick={main}>
        <Icon size={16} />
      </IconOnly>
    );
  }
  return (
    <Side>
      <Button size="sm" disabled={busy} aria-label={`${word} ${name}`} onClick={main}>
        <Icon size={13} /> {pending ? 'Starting…' : word}
      </Button>
      {offer.act === 'resume' && <ForkButton name={name} disabled={busy} onClick={fork} />}
    </Side>
  );
}

function ForkButton({ name, disabled, onClick }: { name: string; disabled: boolean; onClick(): void }) {
  return (
    <IconOnly label={`Fork ${name}: go on in a copy`} disabled={disabled} onClick={onClick}>
      <GitFork size={14} />
    </IconOnly>
  );
}

interface IconOnlyProps {
  label: string;
  disabled?: boolean;
  onClick(): void;
  children: ReactNode;
}

/** Plain, for hundreds of them pass by in a list: the browser's own hint costs nothing until it shows. */
function IconOnly({ label, disabled = false, onClick, children }: IconOnlyProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      disabled={disabled}
      onClick={onClick}
      className="grid size-7 shrink-0 place-items-center rounded-md text-ink-3 hover:bg-hover hover:text-ink disabled:opacity-45 touch:size-11"
    >
      {children}
    </button>
  );
}

function Side({ children }: { children: ReactNode }) {
  return <span className="flex w-36 shrink-0 items-center justify-end gap-1">{children}</span>;
}
