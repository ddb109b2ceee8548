/** An agent's question: who, what exactly, where; and the answers, or how it ended. */
import { clsx } from 'clsx';
import { SquareTerminal } from 'lucide-react';
import { lazy, Suspense, useImperativeHandle, useState } from 'react';
import { LOOK_COLOUR, StateIcon } from '@/components/state-mark';
import { Ago } from '@/components/time';
import { Skeleton } from '@/components/ui/states';
import { useMay, useMe } from '@/lib/client';
import { shortPath } from '@/lib/format';
import type { Approval } from '@/protocol/types';
import { useAnswer } from './api';
import { ApprovalActions } from './approval-actions';
import { ApprovalInput } from './approval-input';
import { StateLine } from './state-line';
import { SwipeCard } from './swipe-card';

const QuestionForm = lazy(async () => ({ default: (await import('./question-form')).QuestionForm }));

/** What keys do to the card they are for. */
export interface CardKeys {
  press(key: string): boolean;
}

interface ApprovalCardProps {
  approval: Approval;
  onTerminal(agentId: string): void;
  onTask(taskId: number): void;
  /** The keys of the inbox are for this card. */
  current?: boolean;
  keysRef?: React.Ref<CardKeys>;
  /** Among other things than questions. */
  compact?: boolean;
}

export function ApprovalCard({
  approval,
  onTerminal,
  onTask,
  current = false,
  keysRef,
  compact = false,
}: ApprovalCardProps) {
  const answer = useAnswer(approval.id);
  const [more, setMore] = useState<'words' | 'rule' | null>(null);
  const mine = useMe().principal.id === approval.owner;
  const may = useMay('approvals:decide') && mine;
  const pending = approval.state === 'pending';
  const question = approval.form === 'question';
  useImperativeHandle(keysRef, () => ({
    press(key) {
      if (!pending || !may || answer.isPending || answer.isSuccess) return false;
      if (key === 'd') answer.mutate({ decision: 'deny' });
      else if (key === 'w') setMore('words');
      else if (key === 'a' && !question) answer.mutate({ decision: 'allow' });
      else if (key === 's' && approval.session_grant.length > 0) {
        answer.mutate({ decision: 'allow', scope: 'session' });
      } else if (key === 'r' && approval.suggested_rules.length > 0) setMore('rule');
      else return false;
      return true;
    },
  }));
  return (
    <SwipeCard
      able={pending && may && !question && !answer.isPending && !answer.isSuccess && approval.cut_bytes === 0}
      onAllow={() => answer.mutate({ decision: 'allow' })}
      onDeny={() => answer.mutate({ decision: 'deny' })}
    >
      <article
        aria-label={`${approval.agent_id} asks: ${approval.summary}`}
        data-approval={approval.id}
        tabIndex={-1}
        style={{ '--edge': LOOK_COLOUR[pending ? 'waiting' : 'ended'] } as React.CSSProperties}
        className={clsx(
          'overflow-hidden rounded-lg border border-line-strong border-t-(--edge) border-t-2 bg-surface shadow-1 outline-none',
          current && 'ring-1 ring-ink-3 touch:ring-0',
        )}
      >
        <header className="px-4 pt-3 pb-2.5">
          <div className="flex items-center gap-2">
            {pending && <StateIcon look="waiting" />}
            <p className="min-w-0 flex-1 truncate text-sm">
              <span className="font-medium font-mono">{approval.agent_id}</span>{' '}
              <span className={pending ? 'text-waiting' : 'text-ink-2'}>
                {question ? 'asks you a question' : `asks to use ${approval.tool}`}
              </span>
            </p>
            <Ago at={approval.created_at} className="text-ink-3 text-xs" />
            <button
              type="button"
              aria-label={`Open the terminal of ${approval.agent_id}`}
              title="Open its terminal"
              onClick={() => onTerminal(approval.agent_id)}
              className="-my-1.5 -mr-1.5 grid size-8 shrink-0 place-items-center rounded-md text-ink-3 hover:bg-hover hover:text-ink touch:size-11"
            >
              <SquareTerminal size={16} />
            </button>
          </div>
          <p className="flex flex-wrap gap-x-3 text-ink-3 text-xs">
            {approval.agent_title !== approval.agent_id && <span>{approval.agent_title}</span>}
            <span className="font-mono" title={approval.cwd}>
              {shortPath(approval.cwd)}
            </span>
            {approval.subagent && <span>sub-agent {approval.subagent}</span>}
            {approval.task_id !== null && (
              <button
                type="button"
                className="underline underline-offset-2 hover:text-ink touch:-my-3.5 touch:min-h-11"
                onClick={() => approval.task_id !== null && onTask(approval.task_id)}
              >
                task {approval.task_id}
              </button>
            )}
          </p>
        </header>
        {question && pending && may ? (
          <Suspense fallback={<Skeleton rows={3} waitingFor="the question" />}>
            <QuestionForm
              approval={approval}
              disabled={answer.isPending || answer.isSuccess}
              onAnswer={(answers) => answer.mutate({ decision: 'allow', answers })}
            />
          </Suspense>
        ) : question ? (
          <p className="px-4 pb-3 text-sm">{approval.summary}</p>
        ) : (
          <ApprovalInput approval={approval} />
        )}
        {pending && may ? (
          <ApprovalActions
            approval={approval}
            answer={answer}
            current={current}
            compact={compact}
            more={more}
            onMore={setMore}
          />
        ) : (
          <footer className="border-line border-t bg-surface px-4 py-3">
            {pending ? (
              <p className="text-ink-2 text-sm">
                {mine ? 'Your role does not include answering this.' : 'Only its owner answers this.'}
              </p>
            ) : (
              <StateLine approval={approval} />
            )}
          </footer>
        )}
      </article>
    </SwipeCard>
  );
}
