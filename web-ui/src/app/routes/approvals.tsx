/** The inbox: every question of every agent, answered with one key or one touch. */
import { Link } from '@tanstack/react-router';
import { type RefObject, useEffect, useRef, useState } from 'react';
import { Keys } from '@/components/ui/kbd';
import { Empty, Failed, Skeleton } from '@/components/ui/states';
import { pendingOf } from '@/features/approvals/api';
import { ApprovalCard, type CardKeys } from '@/features/approvals/approval-card';
import { EndedList, RuleList } from '@/features/approvals/approval-history';
import { plural } from '@/lib/format';
import { usePhone } from '@/lib/use-media';
import type { Approval } from '@/protocol/types';
import { useLayout } from '../layout-store';
import { isTyping } from '../shell/shortcuts';
import { useApprovals, useOpenAgent, useOpenTask } from '../use-room';
import { PhoneHead } from './phone-head';

export default function ApprovalsRoute() {
  const approvals = useApprovals();
  const phone = usePhone();
  return (
    <>
      {phone && <PhoneHead title="Approvals" />}
      <div className="scroll-y min-h-0 flex-1">
        {approvals.isPending ? (
          <Skeleton rows={6} waitingFor="the approvals" />
        ) : approvals.isError ? (
          <>
            <h1 className="sr-only">Approvals</h1>
            <Failed error={approvals.error} retry={() => void approvals.refetch()} />
          </>
        ) : (
          <Inbox approvals={approvals.data} />
        )}
      </div>
    </>
  );
}

function Inbox({ approvals }: { approvals: readonly Approval[] }) {
  const openAgent = useOpenAgent();
  const openTask = useOpenTask();
  const shown = useKept(approvals);
  const waiting = shown.filter((one) => one.state === 'pending');
  const ended = approvals.filter((one) => one.state !== 'pending' && !shown.includes(one));
  const cards = useRef(new Map<string, CardKeys>());
  const current = useInboxKeys(shown, cards);
  return (
    <div className="mx-auto w-full max-w-3xl space-y-7 px-4 py-5 min-[700px]:px-8 min-[700px]:py-7">
      {waiting.length > 0 || shown.length > 0 ? (
        <section aria-label="Waiting for you" className="space-y-3">
          <header className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
            <h1 className="font-semibold text-lg">
              {waiting.length > 0
                ? `${plural(waiting.length, 'agent')} ${waiting.length === 1 ? 'waits' : 'wait'} for your answer`
                : 'Nobody waits for you now'}
            </h1>
            {waiting.length > 0 && <KeyHelp />}
          </header>
          {shown.map((one) => (
            <ApprovalCard
              key={one.id}
              approval={one}
              current={one.id === current}
              keysRef={(handle) => {
                if (handle) cards.current.set(one.id, handle);
                else cards.current.delete(one.id);
              }}
              onTerminal={(id) => openAgent({ id })}
              onTask={(id) => openTask({ id })}
            />
          ))}
        </section>
      ) : (
        <Empty
          page
          title="Nobody waits for you"
          action={
            <Link to="/" className="text-accent text-sm underline">
              Back home
            </Link>
          }
        >
          When an agent wants to use a tool that it may not use by itself, it asks here. You can answer from
          any device; whoever sits before its terminal can answer there.
        </Empty>
      )}
      {ended.length > 0 && (
        <section aria-label="Answered">
          <h2 className="label mb-2">lately</h2>
          <EndedList approvals={ended} />
        </section>
      )}
      <RuleList />
    </div>
  );
}

function KeyHelp() {
  return (
    <>
      <p className="flex items-center gap-1.5 text-ink-3 text-xs touch:hidden">
        <Keys keys="j" /> <Keys keys="k" /> next, back · <Keys keys="⏎" /> its terminal
      </p>
      <p className="hidden text-ink-3 text-xs touch:block">Pull a card right to allow once, left to deny.</p>
    </>
  );
}

/** What was pending when one came, and since: it stays in its place when it ends, and says how. */
function useKept(approvals: readonly Approval[]): Approval[] {
  const kept = useRef(new Set<string>());
  for (const one of pendingOf(approvals)) kept.current.add(one.id);
  return approvals.filter((one) => kept.current.has(one.id)).reverse();
}

/** j and k move, the rest goes to the card they are at. The page's own keys come after. */
function useInboxKeys(shown: readonly Approval[], cards: RefObject<Map<string, CardKeys>>): string | null {
  const openAgent = useOpenAgent();
  const [at, setAt] = useState<string | null>(null);
  const waiting = shown.filter((one) => one.state === 'pending');
  // Who answered one is at the next.
  const chosen = waiting.find((one) => one.id === at) ?? nextAfter(shown, at) ?? null;
  const current = chosen?.id ?? null;
  useEffect(() => {
    let prefix = 0;
    const pressed = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
      if (useLayout.getState().dialog || document.querySelector('[role="dialog"], [role="menu"]')) return;
      // `g a` and the like are ways to go.
      if (event.key === 'g') prefix = Date.now();
      else if (Date.now() - prefix > 1200 && act(event)) {
        event.preventDefault();
        event.stopPropagation();
      }
    };
    const act = ({ key, target }: KeyboardEvent): boolean => {
      const index = waiting.findIndex((one) => one.id === current);
      if (key === 'j' || key === 'k') {
        const to = waiting[Math.max(0, Math.min(waiting.length - 1, index + (key === 'j' ? 1 : -1)))];
        if (!to) return false;
        setAt(to.id);
        const card = document.querySelector<HTMLElement>(`[data-approval="${to.id}"]`);
        card?.focus({ preventScroll: true });
        card?.scrollIntoView({ block: 'nearest' });
        return true;
      }
      if (!chosen) return false;
      if (key === 'Enter') {
        if (target instanceof HTMLElement && target.closest('button, a, input, label')) return false;
        openAgent({ id: chosen.agent_id });
        return true;
      }
      return cards.current.get(chosen.id)?.press(key) ?? false;
    };
    window.addEventListener('keydown', pressed, true);
    return () => window.removeEventListener('keydown', pressed, true);
  });
  return current;
}

function nextAfter(shown: readonly Approval[], id: string | null): Approval | undefined {
  const at = shown.findIndex((one) => one.id === id);
  const later = shown.slice(at + 1).find((one) => one.state === 'pending');
  return later ?? shown.find((one) => one.state === 'pending');
}
