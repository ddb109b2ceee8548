/** What one tap does with a session: go on with it, go on in a copy, open the agent that has it, or why nothing can. */
import { GitFork, Play, SquareTerminal } from 'lucide-react';
import { Button, IconButton } from '@/components/ui/button';
import { Tip } from '@/components/ui/tip';
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
      <IconButton label={`Open ${offer.agentId}`} onClick={open}>
        <SquareTerminal size={16} />
      </IconButton>
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
        <Tip text={`Cannot be resumed: ${why}`}>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the whole reason is in its hint */}
          <span tabIndex={0} className="block text-right text-ink-3 text-xs leading-tight">
            <span className="line-clamp-3 [overflow-wrap:anywhere]">{why}</span>
          </span>
        </Tip>
      </Side>
    );
  }
  const pending = acts.pending === session.id;
  const main = offer.act === 'resume' ? () => acts.resume(session, false) : fork;
  const word = offer.act === 'resume' ? 'Resume' : 'Fork';
  const Icon = offer.act === 'resume' ? Play : GitFork;
  if (small) {
    return (
      <IconButton label={`${word} ${name}`} disabled={busy} onClick={main}>
        <Icon size={16} />
      </IconButton>
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
    <IconButton label={`Fork ${name}: go on in a copy`} disabled={disabled} onClick={onClick}>
      <GitFork size={14} />
    </IconButton>
  );
}

function Side({ children }: { children: React.ReactNode }) {
  return <span className="flex w-36 shrink-0 items-center justify-end gap-1">{children}</span>;
}
