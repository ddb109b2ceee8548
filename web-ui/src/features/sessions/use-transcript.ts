/** One session as it is read: stretches around a place, both ways on, and what is written behind the end meanwhile. */
import { type InfiniteData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useClient } from '@/lib/client';
import { keys } from '@/lib/keys';
import type { Transcript } from '@/protocol/types';
import { readBack, readFirst, readOn, STEP, type Start, type Stretch } from './reading';
import { joined, turnsOf } from './turns';

const LIVE_MS = 1_500;
const QUIET_MS = 6_000;
const KEPT_MS = 60_000;

type Step = { start: Start } | { from: number } | { before: number };
type Read = InfiniteData<Stretch, Step>;

export function useTranscript(id: string, start: Start) {
  const { api } = useClient();
  const queries = useQueryClient();
  const key = keys.transcript(id, String(start));
  const reading = useInfiniteQuery<Stretch, Error, Read, typeof key, Step>({
    queryKey: key,
    queryFn: ({ pageParam: step, signal }) => {
      if ('from' in step) return readOn(api, id, step.from, signal);
      if ('before' in step) return readBack(api, id, step.before, signal);
      return readFirst(api, id, step.start, signal);
    },
    initialPageParam: { start },
    getNextPageParam: (last) => (last.atEnd ? undefined : { from: last.next }),
    getPreviousPageParam: (first) => (first.begin > 0 ? { before: first.begin } : undefined),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: KEPT_MS,
    structuralSharing: false,
  });
  const last = reading.data?.pages.at(-1);
  const tail = last?.atEnd ? last.next : null;

  /** What is known of the session as a whole, and, at the end, what came behind it. */
  const pulse = useQuery({
    queryKey: keys.transcriptEnd(id, tail ?? -1),
    queryFn: async ({ signal }) => {
      const more = await readOn(api, id, tail ?? 0, signal, tail === null ? 0 : STEP);
      if (tail !== null && more.next > tail) {
        queries.setQueryData<Read>(
          key,
          (known) => known && { ...known, pages: withTail(known.pages, tail, more) },
        );
      }
      return more.view;
    },
    enabled: reading.isSuccess,
    staleTime: 1_000,
    gcTime: 0,
    refetchInterval: ({ state }) => (state.data?.transcript.live ? LIVE_MS : QUIET_MS),
  });

  const pages = reading.data?.pages;
  const entries = useMemo(() => joined((pages ?? []).map((page) => page.entries)), [pages]);
  const turns = useMemo(() => turnsOf(entries), [entries]);
  const view = pulse.data ?? last?.view;
  return {
    turns,
    transcript: view?.transcript,
    children: view?.children ?? NONE,
    unreadable: (pages ?? []).reduce((sum, page) => sum + page.unreadable, 0),
    isPending: reading.isPending,
    error: reading.error,
    refetch: reading.refetch,
    earlier: {
      more: reading.hasPreviousPage,
      loading: reading.isFetchingPreviousPage,
      load: reading.fetchPreviousPage,
    },
    later: {
      more: reading.hasNextPage,
      loading: reading.isFetchingNextPage,
      load: reading.fetchNextPage,
    },
  };
}

export type Reading = ReturnType<typeof useTranscript>;

const NONE: readonly Transcript[] = [];

/** The last stretch made longer by what came behind it; unchanged when it already was. */
export function withTail(pages: readonly Stretch[], tail: number, more: Stretch): Stretch[] {
  const last = pages.at(-1);
  if (!last || last.next !== tail) return [...pages];
  const longer: Stretch = {
    ...last,
    entries: joined([last.entries, more.entries]),
    next: more.next,
    atEnd: more.atEnd,
    unreadable: last.unreadable + more.unreadable,
    view: more.view,
  };
  return [...pages.slice(0, -1), longer];
}
