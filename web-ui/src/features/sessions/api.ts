/** Found sessions over REST: the list with its newest part kept fresh, and what one can do with a session. */
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useClient } from '@/lib/client';
import { saveFile } from '@/lib/download';
import { explain } from '@/lib/http';
import { keys } from '@/lib/keys';
import { toast } from '@/lib/toast';
import type { Agent, ResumeRequest, Transcript, TranscriptPage } from '@/protocol/types';
import { queryOf, type SessionFilter, withNewest } from './filter';

export const PAGE = 200;
/** No feed tells of files that others write, so the newest are read again and again. */
const AGAIN_MS = 3_000;
const SEARCH_AGAIN_MS = 15_000;
/** A list that was left this long begins anew. */
const KEPT_MS = 60_000;

/** Sessions that a filter lets through, the one written to last first; older ones when asked for. */
export function useSessions(filter: SessionFilter) {
  const { api } = useClient();
  const read = (cursor: string | null, signal: AbortSignal) =>
    api.get<TranscriptPage>(`/api/transcripts?${queryOf(filter, PAGE, cursor)}`, signal);
  const list = useInfiniteQuery({
    queryKey: keys.sessions(filter),
    queryFn: ({ pageParam, signal }) => read(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page: TranscriptPage) => page.next_cursor,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: KEPT_MS,
    placeholderData: keepPreviousData,
  });
  const searchedLive = Boolean(filter.q && filter.live);
  const fresh = list.isSuccess && !list.isPlaceholderData;
  const newest = useQuery({
    queryKey: keys.newestSessions(filter),
    queryFn: ({ signal }) => read(null, signal),
    enabled: fresh,
    staleTime: 1_000,
    gcTime: KEPT_MS,
    refetchInterval: filter.q ? SEARCH_AGAIN_MS : AGAIN_MS,
  });
  const items = useMemo(() => {
    const known = list.data?.pages.flatMap((page) => page.items) ?? [];
    const seen = new Map(known.map((each) => [each.id, each]));
    const all = fresh && newest.data ? withNewest([...seen.values()], newest.data) : [...seen.values()];
    // A search looks everywhere, whoever writes.
    return searchedLive ? all.filter((each) => each.live) : all;
  }, [list.data, newest.data, fresh, searchedLive]);
  const pages = list.data?.pages;
  return {
    items,
    progress: (fresh && newest.data?.progress) || pages?.at(-1)?.progress,
    isPending: list.isPending,
    error: list.error,
    refetch: list.refetch,
    /** The words or filters just changed, and what is shown is from before. */
    outdated: list.isPlaceholderData,
    /** A search found more than it shows, or did not look everywhere in time. */
    cut: Boolean(filter.q) && pages?.at(0)?.more === true,
    older: {
      more: list.hasNextPage && !list.isPlaceholderData,
      loading: list.isFetchingNextPage,
      load: list.fetchNextPage,
    },
  };
}

/** Goes on with a session as an agent; `fork` with a copy of it. */
export function useResume(onResumed: (agent: Agent) => void) {
  const { api } = useClient();
  return useMutation({
    mutationFn: ({ session, fork }: { session: Transcript; fork: boolean }) => {
      const body: ResumeRequest = fork ? { fork } : {};
      return api.post<Agent>(`/api/transcripts/${encodeURIComponent(session.id)}/resume`, body);
    },
    onSuccess: onResumed,
    onError: (error) => toast.error(explain(error)),
  });
}

/** The whole session as markdown, as a file. */
export function useExport() {
  const { api } = useClient();
  return useMutation({
    mutationFn: async (session: Transcript) => {
      const answer = await api.file(`/api/transcripts/${encodeURIComponent(session.id)}/export`);
      saveFile(fileName(session), await answer.blob());
    },
    onError: (error) => toast.error(explain(error)),
  });
}

/** The title as far as every file system takes it, with the day. */
export function fileName({ title, session, updated_at }: Transcript): string {
  const plain = title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  return `${updated_at.slice(0, 10)}-${plain || session}.md`;
}
