/** The talk with one agent: what was said, what it delegated meanwhile, what it does now. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { ArrowDown } from 'lucide-react';
import { Fragment, type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { Button } from '@/components/ui/button';
import { Failed, Skeleton } from '@/components/ui/states';
import { useClient } from '@/lib/client';
import type { Action, Message } from '@/protocol/types';
import { messagesQuery } from './api';
import { MessageItem, OutgoingItem } from './message-item';
import { inOrder } from './messages';
import { type Outgoing, useOutbox } from './outbox';

/** Something that happened during the talk and is shown in its place, such as a delegation. */
export interface Aside {
  key: string;
  at: string;
  node: ReactNode;
}

interface ChatProps {
  agentId: string;
  sessionId: string;
  asides: readonly Aside[];
  renderAction(action: Action): ReactNode;
  /** Below the last message: what the agent does now. */
  footer?: ReactNode;
  empty: ReactNode;
}

type Entry =
  | { key: string; at: string; message: Message }
  | { key: string; at: string; node: ReactNode }
  | { key: string; at: string; outgoing: Outgoing };

export function Chat({ agentId, sessionId, asides, renderAction, footer, empty }: ChatProps) {
  const { api } = useClient();
  const talk = useInfiniteQuery(messagesQuery(api, agentId));
  const outbox = useOutbox((state) => state.items);
  const entries = useMemo(() => {
    const messages = inOrder(talk.data);
    const known: Entry[] = [
      ...messages.map((message) => ({ key: message.id, at: message.created_at, message })),
      // Older delegations come into view together with the messages around them.
      ...asides.filter((aside) => !talk.hasNextPage || aside.at >= (messages[0]?.created_at ?? '')),
    ].sort((a, b) => a.at.localeCompare(b.at));
    const outgoing = outbox.filter((item) => item.session_id === sessionId);
    return [
      ...known,
      ...outgoing.map((item): Entry => ({ key: item.client_id, at: item.created_at, outgoing: item })),
    ];
  }, [talk.data, talk.hasNextPage, asides, outbox, sessionId]);
  const { area, sentinel, away, toEnd } = useScroll(entries.length, talk);

  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      <div
        ref={area}
        className="scroll-y min-h-0 flex-1"
        role="log"
        aria-label={`Talk with ${agentId}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must do so by keyboard
        tabIndex={0}
      >
        <div className="mx-auto flex min-h-full max-w-3xl flex-col justify-end gap-5 px-4 py-5">
          <div ref={sentinel} />
          {talk.isPending && <Skeleton waitingFor="the talk" />}
          {talk.isError && <Failed error={talk.error} retry={() => void talk.refetch()} />}
          {talk.hasNextPage && (
            <Button
              variant="ghost"
              size="sm"
              className="self-center"
              disabled={talk.isFetchingNextPage}
              onClick={() => void talk.fetchNextPage()}
            >
              {talk.isFetchingNextPage ? 'Loading…' : 'Earlier'}
            </Button>
          )}
          {talk.isSuccess && entries.length === 0 && <div className="my-auto">{empty}</div>}
          {entries.map((entry) => (
            <Fragment key={entry.key}>
              {'message' in entry && <MessageItem message={entry.message} renderAction={renderAction} />}
              {'node' in entry && entry.node}
              {'outgoing' in entry && <OutgoingItem item={entry.outgoing} />}
            </Fragment>
          ))}
          {entries.length > 0 && footer}
        </div>
      </div>
      {away && (
        <Button size="sm" className="absolute right-4 bottom-3 shadow-2" onClick={toEnd}>
          <ArrowDown size={14} /> Newest
        </Button>
      )}
    </div>
  );
}

/** So far above the newest that a way back is offered. */
const FAR = 300;

type Paged = { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage(): unknown };

/** Stays at the newest while one is there, and keeps one's place when older messages come in above. */
function useScroll(count: number, talk: Paged) {
  const area = useRef<HTMLDivElement>(null);
  const sentinel = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [away, setAway] = useState(false);
  const height = useRef(0);
  const paged = useRef(talk);
  paged.current = talk;

  useEffect(() => {
    const element = area.current;
    if (!element || !sentinel.current) return;
    const scrolled = () => {
      atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 40;
      setAway(element.scrollHeight - element.scrollTop - element.clientHeight > FAR);
    };
    element.addEventListener('scroll', scrolled, { passive: true });
    const above = new IntersectionObserver(
      ([entry]) => {
        const { hasNextPage, isFetchingNextPage, fetchNextPage } = paged.current;
        if (entry?.isIntersecting && hasNextPage && !isFetchingNextPage && !atEnd.current) fetchNextPage();
      },
      { root: element, rootMargin: '400px 0px 0px' },
    );
    above.observe(sentinel.current);
    const content = element.firstElementChild;
    // Markdown arrives a moment after its message and makes the talk longer.
    const grow = new ResizeObserver(() => {
      if (atEnd.current) element.scrollTop = element.scrollHeight;
    });
    if (content) grow.observe(content);
    return () => {
      element.removeEventListener('scroll', scrolled);
      above.disconnect();
      grow.disconnect();
    };
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when entries were added
  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    if (atEnd.current) element.scrollTop = element.scrollHeight;
    else if (element.scrollTop < 400) element.scrollTop += element.scrollHeight - height.current;
    height.current = element.scrollHeight;
  }, [count]);

  const toEnd = () => {
    const element = area.current;
    if (element) element.scrollTop = element.scrollHeight;
  };
  return { area, sentinel, away, toEnd };
}
