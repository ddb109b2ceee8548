/** Worktrees over REST: the list, one with its diff, and the acts, some of which ask for a word first. */
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { useClient } from '@/lib/client';
import { type Api, ApiError, explain } from '@/lib/http';
import { keys } from '@/lib/keys';
import { toast } from '@/lib/toast';
import type {
  CommitAnswer,
  DiffScope,
  MergeAnswer,
  Page,
  Worktree,
  WorktreeDiff,
  WorktreeRefusal,
} from '@/protocol/types';

/** No feed tells of files that agents write, so what is looked at is read again this often. */
const FRESH_MS = 10_000;

export function worktreesQuery(api: Api) {
  return queryOptions({
    queryKey: keys.worktrees,
    queryFn: async ({ signal }) => (await api.get<Page<Worktree>>('/api/worktrees?limit=100', signal)).items,
    refetchInterval: FRESH_MS,
  });
}

export function diffQuery(api: Api, id: string, scope: DiffScope) {
  return infiniteQueryOptions({
    queryKey: keys.worktreeDiff(id, scope),
    queryFn: ({ pageParam, signal }) => {
      const cursor = pageParam ? `&cursor=${encodeURIComponent(pageParam)}` : '';
      return api.get<WorktreeDiff>(`/api/worktrees/${id}/diff?scope=${scope}&limit=50${cursor}`, signal);
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}

export type Act = { act: 'commit'; message: string } | { act: 'merge' } | { act: 'remove' };

/** What an act would lose or bring along, as the daemon lists it. */
export interface Refused {
  act: Act;
  detail: string;
  lists: WorktreeRefusal;
}

export function useWorktreeAct(id: string, onRefused: (refused: Refused) => void, onGone: () => void) {
  const { api } = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ act, confirm }: { act: Act; confirm?: string }) => perform(api, id, act, confirm),
    onSuccess: (said, { act }) => {
      toast.success(said);
      if (act.act === 'remove') onGone();
    },
    onError: (error, { act }) => {
      const lists = error instanceof ApiError ? error.problem.worktree : undefined;
      if (lists) onRefused({ act, detail: explain(error), lists });
      else toast.error(explain(error));
    },
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: keys.worktrees });
      void queries.invalidateQueries({ queryKey: keys.worktreeDiffs });
    },
  });
}

/** The sentence that says what was done. */
async function perform(api: Api, id: string, act: Act, confirm?: string): Promise<string> {
  const at = `/api/worktrees/${id}`;
  switch (act.act) {
    case 'commit': {
      const { files } = await api.post<CommitAnswer>(`${at}/commit`, { message: act.message });
      return files === 0 ? 'There was nothing to commit' : `Committed ${files} files`;
    }
    case 'merge': {
      const { worktree } = await api.post<MergeAnswer>(`${at}/merge`, confirm ? { confirm } : {});
      return `Merged into ${worktree.base}`;
    }
    case 'remove':
      await api.delete(confirm ? `${at}?confirm=${encodeURIComponent(confirm)}` : at);
      return 'The worktree was removed';
    default:
      return act satisfies never;
  }
}
