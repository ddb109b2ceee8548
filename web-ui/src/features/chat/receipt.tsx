/** How far a message got, in ticks and a word; why it waits or failed, beside it. */
import { clsx } from 'clsx';
import { Check, CheckCheck, Clock, TriangleAlert } from 'lucide-react';
import type { Message, MessageStatus } from '@/protocol/types';

const WORDS: Record<MessageStatus, string> = {
  queued: 'queued',
  pasted: 'in the composer',
  submitted: 'sent',
  accepted: 'read',
  answered: 'answered',
  failed: 'not delivered',
};

export function Receipt({ message }: { message: Message }) {
  const { status, reason, evidence } = message;
  const title = evidence ? `seen by ${evidence}` : undefined;
  return (
    <span
      title={title}
      className={clsx(
        'text-xs [&>svg]:mr-1 [&>svg]:inline [&>svg]:align-[-1px]',
        status === 'failed' ? 'text-failed' : status === 'answered' ? 'text-done' : 'text-ink-3',
      )}
    >
      <Tick status={status} />
      {WORDS[status]}
      {reason && <span className="text-ink-2">: {reason}</span>}
    </span>
  );
}

function Tick({ status }: { status: MessageStatus }) {
  if (status === 'queued') return <Clock size={11} aria-hidden="true" />;
  if (status === 'failed') return <TriangleAlert size={11} aria-hidden="true" />;
  if (status === 'pasted' || status === 'submitted') return <Check size={12} aria-hidden="true" />;
  return <CheckCheck size={12} aria-hidden="true" />;
}
