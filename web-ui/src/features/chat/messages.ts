/** The list of a talk: pages from the daemon, newest first, and receipts laid over them. */
import type { InfiniteData } from '@tanstack/react-query';
import type { Message, MessageStatus, Page, ServerMessage } from '@/protocol/types';

export type Talk = InfiniteData<Page<Message>, unknown>;

const STEPS: MessageStatus[] = ['queued', 'pasted', 'submitted', 'accepted', 'answered', 'failed'];

/** Receipts only go forward: an old one that comes late changes nothing. */
export function newer(known: Message, next: Message): Message {
  if (known.updated_at !== next.updated_at) return known.updated_at < next.updated_at ? next : known;
  return STEPS.indexOf(next.status) >= STEPS.indexOf(known.status) ? next : known;
}

/** Lays one message over a talk: in place if it is known, else as the newest. */
export function withMessage(talk: Talk | undefined, message: Message): Talk | undefined {
  if (!talk) return undefined;
  let known = false;
  const pages = talk.pages.map((page) => ({
    ...page,
    items: page.items.map((each) => {
      if (each.id !== message.id) return each;
      known = true;
      return newer(each, message);
    }),
  }));
  const [first, ...rest] = pages;
  if (known || !first) return { ...talk, pages };
  return { ...talk, pages: [{ ...first, items: [message, ...first.items] }, ...rest] };
}

type Response = Extract<ServerMessage, { type: 'claude_response' }>;

/** An answer as a message of its talk. */
export function fromResponse(response: Response, now: string): Message {
  const agentId = response.session_id.replace(/^sess-/, '');
  return {
    id: response.message_id,
    agent_id: agentId,
    author: 'assistant',
    sender: agentId,
    text: response.content,
    status: 'answered',
    reason: null,
    evidence: null,
    reply_to: null,
    actions: response.actions,
    created_at: now,
    updated_at: now,
  };
}

/** Oldest first, as one reads. */
export function inOrder(talk: Talk | undefined): Message[] {
  return (talk?.pages ?? []).flatMap((page) => page.items).reverse();
}
