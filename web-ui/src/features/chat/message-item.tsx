/** One thing said: by a person, the agent, another agent, or the daemon. */
import { Check, Copy } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useCopied } from '@/components/copy';
import { RichText } from '@/components/rich-text';
import { clock, exact } from '@/lib/format';
import type { Action, Message } from '@/protocol/types';
import { useSendAgain } from './api';
import { type Outgoing, useOutbox } from './outbox';
import { Receipt } from './receipt';

interface MessageItemProps {
  message: Message;
  renderAction(action: Action): ReactNode;
}

export function MessageItem({ message, renderAction }: MessageItemProps) {
  switch (message.author) {
    case 'user':
      return (
        <Mine text={message.text} at={message.created_at}>
          <Receipt message={message} />
        </Mine>
      );
    case 'assistant':
      return <Answer message={message} renderAction={renderAction} />;
    case 'agent':
    case 'system':
      return <Handed message={message} />;
    default:
      return message.author satisfies never;
  }
}

function Mine({ text, at, children }: { text: string; at: string; children: ReactNode }) {
  return (
    <div className="flex flex-col items-end">
      <div className="max-w-[88%] whitespace-pre-wrap break-words rounded-lg rounded-br-sm border border-line bg-raised px-3.5 py-2">
        {text}
      </div>
      <p className="mt-1 max-w-[88%] text-right text-ink-3 text-xs">
        {children}
        <time dateTime={at} title={exact(at)} className="nums ml-2 whitespace-nowrap">
          {clock(at)}
        </time>
      </p>
    </div>
  );
}

function Answer({ message, renderAction }: MessageItemProps) {
  return (
    <div className="group/answer">
      <div className="label mb-1 flex items-center gap-2">
        <span className="text-ink-2">{message.sender}</span>
        <time dateTime={message.created_at} title={exact(message.created_at)} className="nums">
          {clock(message.created_at)}
        </time>
        <CopyAnswer text={message.text} />
      </div>
      <RichText text={message.text} />
      {message.actions.map((action, at) => (
        <div key={at} className="mt-3">
          {renderAction(action)}
        </div>
      ))}
    </div>
  );
}

/** The answer as it was written, markdown and all. */
function CopyAnswer({ text }: { text: string }) {
  const [copied, copy] = useCopied();
  return (
    <button
      type="button"
      aria-label={copied ? 'Copied' : 'Copy the answer'}
      onClick={() => copy(text)}
      className="-my-1 grid size-6 place-items-center rounded-sm opacity-0 transition-opacity hover:text-ink focus-visible:opacity-100 group-hover/answer:opacity-100 touch:size-11 touch:-my-3 touch:opacity-70"
    >
      {copied ? <Check size={12} className="text-done" /> : <Copy size={12} />}
    </button>
  );
}

const LONG = 320;

/** What another agent or the daemon put in: quiet, and folded when long. */
function Handed({ message }: { message: Message }) {
  const [open, setOpen] = useState(false);
  const long = message.text.length > LONG;
  const text = long && !open ? `${message.text.slice(0, LONG)}…` : message.text;
  return (
    <div className="border-line-strong border-l-2 pl-3 text-ink-2 text-sm">
      <p className="label mb-0.5 flex gap-2">
        <span>{message.author === 'system' ? 'orchestra' : message.sender}</span>
        <time dateTime={message.created_at} title={exact(message.created_at)} className="nums">
          {clock(message.created_at)}
        </time>
        <Receipt message={message} />
      </p>
      <p className="whitespace-pre-wrap break-words">{text}</p>
      {long && (
        <button type="button" className="mt-1 text-accent text-xs" onClick={() => setOpen(!open)}>
          {open ? 'Show less' : 'Show all'}
        </button>
      )}
    </div>
  );
}

/** Not yet known to the daemon. */
export function OutgoingItem({ item }: { item: Outgoing }) {
  const again = useSendAgain();
  return (
    <div className={item.refusal ? '' : 'opacity-70'}>
      <Mine text={item.text} at={item.created_at}>
        {item.refusal ? (
          <span className="text-failed">
            not sent: {item.refusal}{' '}
            <button type="button" className="text-accent underline" onClick={() => void again(item)}>
              Try again
            </button>{' '}
            <button
              type="button"
              className="text-ink-2 underline"
              onClick={() => useOutbox.getState().remove(item.client_id)}
            >
              Discard
            </button>
          </span>
        ) : (
          <span>sending…</span>
        )}
      </Mine>
    </div>
  );
}
