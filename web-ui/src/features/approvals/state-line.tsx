/** How an approval ended, in one line: who or what, and whether the agent has it. */
import { StateIcon } from '@/components/state-mark';
import { Ago } from '@/components/time';
import type { Look } from '@/lib/states';
import type { Approval } from '@/protocol/types';

const LOOKS: Record<Approval['state'], Look> = {
  pending: 'waiting',
  allowed: 'done',
  denied: 'failed',
  expired: 'ended',
  withdrawn: 'ended',
};

export function endOf(approval: Approval): string {
  const { state, answered_by, rule, scope, reason } = approval;
  const by = answered_by ? ` by ${answered_by}` : rule ? ` by the rule ${rule}` : '';
  switch (state) {
    case 'pending':
      return 'waits for you';
    case 'allowed':
      if (scope === 'session') return `allowed for the session${by}`;
      if (scope === 'rule' && answered_by) return `allowed${by}, and from now on by ${rule}`;
      return approval.form === 'question' ? `answered${by}` : `allowed${by}`;
    case 'denied':
      return `denied${by}`;
    case 'expired':
      return reason ?? 'nobody answered in time';
    case 'withdrawn':
      return reason ?? 'withdrawn';
    default:
      return state satisfies never;
  }
}

/** True when an answer is on its way, but the agent has not taken it. */
export function onItsWay({ state, delivered_at }: Approval): boolean {
  return (state === 'allowed' || state === 'denied') && delivered_at === null;
}

export function StateLine({ approval }: { approval: Approval }) {
  return (
    <p className="flex min-w-0 items-center gap-2 text-sm" role="status">
      <StateIcon look={LOOKS[approval.state]} />
      <span className="min-w-0 [overflow-wrap:anywhere]">
        {endOf(approval)}
        {approval.message && <span className="text-ink-2"> · “{approval.message}”</span>}
        {onItsWay(approval) && <span className="text-ink-3"> · on its way to the agent</span>}
      </span>
      {approval.ended_at && <Ago at={approval.ended_at} className="ml-auto shrink-0 text-ink-3 text-xs" />}
    </p>
  );
}
