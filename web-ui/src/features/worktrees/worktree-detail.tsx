/** One worktree: how it stands, its diff with one's comments, and what can be done with it. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { clsx } from 'clsx';
import { useState } from 'react';
import { CopyId } from '@/components/copy';
import { Button } from '@/components/ui/button';
import { Input } from '@/components/ui/field';
import { Failed, Skeleton } from '@/components/ui/states';
import { useClient, useMay } from '@/lib/client';
import { plural } from '@/lib/format';
import type { DiffScope, Worktree } from '@/protocol/types';
import { diffQuery, type Refused, useWorktreeAct } from './api';
import { useComments } from './comments';
import { DiffPane } from './diff-pane';
import { toMessage } from './diff-rows';
import { RefusalDialog } from './refusal-dialog';
import { SentLine, useSendOnce } from './sent-line';
import { Standing } from './worktree-list';

interface WorktreeDetailProps {
  worktree: Worktree;
  /** Whether its agent could hear a comment. */
  heard: boolean;
  onAgent(agentId: string, view: 'terminal' | 'chat'): void;
  onGone(): void;
}

const SCOPES: { scope: DiffScope; word: string }[] = [
  { scope: 'all', word: 'All' },
  { scope: 'committed', word: 'Committed' },
  { scope: 'uncommitted', word: 'Uncommitted' },
];

export function WorktreeDetail({ worktree, heard, onAgent, onGone }: WorktreeDetailProps) {
  const { api } = useClient();
  const mayType = useMay('terminal:type');
  const [scope, setScope] = useState<DiffScope>('all');
  const diff = useInfiniteQuery(diffQuery(api, worktree.id, scope));
  const { comments, put, clear } = useComments(worktree.id);
  const { sent, send, sending } = useSendOnce(worktree.agent_id ?? '');
  const files = diff.data?.pages.flatMap((page) => page.items) ?? [];
  const able = heard && mayType && worktree.agent_id !== null;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <header className="shrink-0 space-y-2 border-line border-b bg-surface px-4 py-3">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <h2 className="font-medium font-mono">{worktree.name}</h2>
          <Standing worktree={worktree} />
        </div>
        <p className="flex flex-wrap items-center gap-x-3 text-ink-3 text-xs">
          <span className="min-w-0">
            <CopyId text={worktree.path} />
          </span>
          {worktree.agent_id && (
            <button
              type="button"
              className="text-accent underline touch:min-h-11"
              onClick={() => onAgent(worktree.agent_id ?? '', 'terminal')}
            >
              {worktree.agent_id}
            </button>
          )}
        </p>
        {worktree.status?.conflicts.map(({ name, files: at }) => (
          <p key={name} className="text-waiting text-xs">
            Conflicts with {name} in {at.join(', ')}
          </p>
        ))}
        {worktree.status?.problems.map((problem) => (
          <p key={problem} className="text-failed text-xs">
            {problem}
          </p>
        ))}
        {mayType && <Acts worktree={worktree} onGone={onGone} />}
      </header>
      <div
        role="radiogroup"
        aria-label="Which changes"
        className="flex shrink-0 gap-1 border-line border-b px-3 py-1.5"
      >
        {SCOPES.map((each) => (
          <button
            key={each.scope}
            type="button"
            role="radio"
            aria-checked={scope === each.scope}
            onClick={() => setScope(each.scope)}
            className={clsx(
              'h-7 rounded-md px-2.5 text-sm touch:h-11',
              scope === each.scope ? 'bg-hover text-ink' : 'text-ink-2 hover:text-ink',
            )}
          >
            {each.word}
          </button>
        ))}
      </div>
      {diff.isPending ? (
        <Skeleton rows={8} waitingFor="the changes" />
      ) : diff.isError ? (
        <Failed error={diff.error} retry={() => void diff.refetch()} />
      ) : files.length === 0 ? (
        <p className="px-4 py-8 text-center text-ink-3 text-sm">Nothing is changed here.</p>
      ) : (
        <DiffPane
          files={files}
          comments={comments}
          onComment={able ? put : null}
          more={{
            any: diff.hasNextPage,
            loading: diff.isFetchingNextPage,
            load: () => void diff.fetchNextPage(),
          }}
        />
      )}
      {able && comments.length > 0 && (
        <footer className="flex shrink-0 flex-wrap items-center gap-2 border-accent border-t bg-surface px-4 py-2.5">
          <p className="min-w-40 flex-1 text-sm">
            {plural(comments.length, 'comment')} for {worktree.agent_id}
          </p>
          <Button size="sm" variant="ghost" onClick={clear}>
            Throw away
          </Button>
          <Button
            size="sm"
            variant="solid"
            disabled={sending}
            onClick={() => void send(toMessage(worktree, comments)).then((done) => done && clear())}
          >
            Send as one message
          </Button>
        </footer>
      )}
      {sent && <SentLine message={sent} onTalk={() => onAgent(sent.agent_id, 'chat')} />}
    </div>
  );
}

function Acts({ worktree, onGone }: { worktree: Worktree; onGone(): void }) {
  const [refused, setRefused] = useState<Refused | null>(null);
  const [message, setMessage] = useState<string | null>(null);
  const act = useWorktreeAct(worktree.id, setRefused, onGone);
  const ready = worktree.state === 'ready' && !act.isPending;
  const open = worktree.status?.uncommitted_count ?? 0;
  return (
    <div className="flex flex-wrap gap-2">
      {message === null ? (
        <Button size="sm" disabled={!ready || open === 0} onClick={() => setMessage('')}>
          Commit…
        </Button>
      ) : (
        <form
          className="flex min-w-60 flex-1 gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            act.mutate({ act: { act: 'commit', message } });
            setMessage(null);
          }}
        >
          <Input
            autoFocus
            aria-label="Message of the commit"
            placeholder="What was done"
            value={message}
            onChange={({ target }) => setMessage(target.value)}
            onKeyDown={({ key }) => key === 'Escape' && setMessage(null)}
          />
          <Button type="submit" disabled={!message.trim()}>
            Commit
          </Button>
        </form>
      )}
      <Button
        size="sm"
        disabled={!ready || worktree.status?.merged}
        onClick={() => act.mutate({ act: { act: 'merge' } })}
      >
        Merge into {worktree.base}
      </Button>
      <Button
        size="sm"
        variant="danger"
        disabled={act.isPending}
        onClick={() => act.mutate({ act: { act: 'remove' } })}
      >
        Remove
      </Button>
      <RefusalDialog
        refused={refused}
        onClose={() => setRefused(null)}
        onConfirm={(confirm) => {
          if (refused) act.mutate({ act: refused.act, confirm });
          setRefused(null);
        }}
      />
    </div>
  );
}
