/** What the agent on the stage asks, above its terminal: answered without leaving it. */
import { Check, X } from 'lucide-react';
import { StateIcon } from '@/components/state-mark';
import { Button } from '@/components/ui/button';
import { useMay, useMe } from '@/lib/client';
import type { Approval } from '@/protocol/types';
import { useAnswer } from './api';

interface ApprovalBannerProps {
  approval: Approval;
  /** How many more of this agent wait. */
  more: number;
  onInbox(): void;
}

export function ApprovalBanner({ approval, more, onInbox }: ApprovalBannerProps) {
  const answer = useAnswer(approval.id);
  const mine = useMe().principal.id === approval.owner;
  const may = useMay('approvals:decide') && mine;
  const question = approval.form === 'question';
  const sent = answer.isPending || answer.isSuccess;
  return (
    <section
      aria-label={`${approval.agent_id} asks`}
      data-approval-banner={approval.id}
      className="flex flex-wrap items-center gap-x-3 gap-y-2 border-waiting border-b bg-surface px-3 py-2"
    >
      <p className="flex min-w-52 flex-1 items-center gap-2 text-sm" role="status">
        <StateIcon look="waiting" />
        <span className="min-w-0">
          <span className="text-waiting">
            {question ? 'asks you a question' : `asks to use ${approval.tool}`}
          </span>{' '}
          <span className="line-clamp-2 break-all font-mono text-[12.5px] text-ink-2">
            {approval.summary}
          </span>
        </span>
      </p>
      <span className="flex flex-wrap gap-2">
        {may && !question && (
          <>
            <Button
              size="sm"
              variant="solid"
              // A part that is not shown must be looked at before a yes.
              disabled={sent || approval.cut_bytes > 0}
              onClick={() => answer.mutate({ decision: 'allow' })}
            >
              <Check size={14} /> Allow once
            </Button>
            <Button size="sm" disabled={sent} onClick={() => answer.mutate({ decision: 'deny' })}>
              <X size={14} /> Deny
            </Button>
          </>
        )}
        <Button size="sm" variant={question && may ? 'solid' : 'ghost'} onClick={onInbox}>
          {question && may ? 'Answer' : more > 0 ? `All ${more + 1}` : 'All of it'}
        </Button>
      </span>
    </section>
  );
}
