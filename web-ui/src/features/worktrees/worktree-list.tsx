/** Worktrees, newest first: how each stands against its base, and what would not go together. */
import { clsx } from 'clsx';
import { GitBranch, TriangleAlert } from 'lucide-react';
import { Ago } from '@/components/time';
import { plural, shortPath } from '@/lib/format';
import type { Worktree } from '@/protocol/types';

interface WorktreeListProps {
  items: readonly Worktree[];
  selected: string | null;
  onOpen(worktree: Worktree): void;
}

export function WorktreeList({ items, selected, onOpen }: WorktreeListProps) {
  return (
    <ul
      className="scroll-y min-h-0 flex-1 divide-y divide-line"
      aria-label={plural(items.length, 'worktree')}
    >
      {items.map((worktree) => (
        <li key={worktree.id}>
          <button
            type="button"
            data-worktree={worktree.id}
            aria-current={worktree.id === selected ? 'page' : undefined}
            onClick={() => onOpen(worktree)}
            className={clsx(
              'block w-full px-4 py-2.5 text-left hover:bg-hover',
              worktree.id === selected && 'bg-hover',
            )}
          >
            <span className="flex items-center gap-2">
              <GitBranch size={14} className="shrink-0 text-ink-3" />
              <span className="min-w-0 flex-1 truncate font-medium font-mono text-[13px]">
                {worktree.name}
              </span>
              <Ago at={worktree.created_at} className="text-ink-3 text-xs" />
            </span>
            <span className="mt-0.5 block truncate pl-[22px] text-ink-3 text-xs">
              {worktree.agent_id ? `${worktree.agent_id}, ` : ''}
              {shortPath(worktree.repo)} onto {worktree.base}
            </span>
            <span className="mt-1 block pl-[22px]">
              <Standing worktree={worktree} />
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

/** In words and figures; colour only says it again. */
export function Standing({ worktree: { state, reason, status } }: { worktree: Worktree }) {
  if (state !== 'ready') {
    return (
      <span className={clsx('text-xs', state === 'missing' ? 'text-failed' : 'text-ink-2')}>
        {state === 'missing' ? 'its folder is gone' : state}
        {reason && `: ${reason}`}
      </span>
    );
  }
  if (!status) return <span className="text-ink-3 text-xs">not looked at</span>;
  return (
    <span className="flex flex-wrap items-center gap-x-3 gap-y-0.5 text-ink-2 text-xs">
      {status.merged ? (
        <span className="text-done">merged</span>
      ) : (
        <span className="nums">
          {status.ahead} ahead, {status.behind} behind
        </span>
      )}
      {status.uncommitted_count > 0 && <span>{status.uncommitted_count} uncommitted</span>}
      <span className="nums">
        <span className="text-done">+{status.insertions}</span>{' '}
        <span className="text-failed">−{status.deletions}</span>
      </span>
      {status.conflicts.length > 0 && (
        <span className="flex items-center gap-1 text-waiting">
          <TriangleAlert size={12} /> conflicts with {status.conflicts.map(({ name }) => name).join(', ')}
        </span>
      )}
      {status.problems.length > 0 && (
        <span className="text-failed">{plural(status.problems.length, 'problem')}</span>
      )}
    </span>
  );
}
