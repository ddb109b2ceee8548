/** Worktrees: the list, and one of them beside it or in its place. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { clsx } from 'clsx';
import { ChevronLeft } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { Empty, Failed, Skeleton } from '@/components/ui/states';
import { worktreesQuery } from '@/features/worktrees/api';
import { WorktreeDetail } from '@/features/worktrees/worktree-detail';
import { WorktreeList } from '@/features/worktrees/worktree-list';
import { useClient } from '@/lib/client';
import { isLive } from '@/lib/states';
import { usePhone } from '@/lib/use-media';
import { useAgents, useOpenAgent } from '../use-room';
import { PhoneHead } from './phone-head';
import { useBoth } from './use-both';

export default function WorktreesRoute() {
  const { api } = useClient();
  const worktrees = useQuery(worktreesQuery(api));
  const { worktreeId = null } = useParams({ strict: false });
  const navigate = useNavigate();
  const agents = useAgents().data ?? [];
  const openAgent = useOpenAgent();
  const phone = usePhone();
  const both = useBoth();
  if (worktrees.isPending) return <Skeleton rows={6} waitingFor="the worktrees" />;
  if (worktrees.isError) return <Failed error={worktrees.error} retry={() => void worktrees.refetch()} />;
  const selected = worktrees.data.find(({ id }) => id === worktreeId);
  const back = () => void navigate({ to: '/worktrees' });
  return (
    <div className="flex min-h-0 flex-1">
      {(both || worktreeId === null) && (
        <section
          aria-label="Worktrees"
          className={clsx(
            'flex min-w-0 flex-col',
            both ? 'w-[340px] shrink-0 border-line border-r' : 'flex-1',
          )}
        >
          {phone && <PhoneHead title="Worktrees" />}
          <h1 className="shrink-0 border-line border-b px-4 py-2.5 font-semibold phone:sr-only">Worktrees</h1>
          {worktrees.data.length === 0 ? (
            <Empty title="No worktree yet">
              An agent that is started with a worktree works in a folder and on a branch of its own. What it
              changed is read, merged or thrown away here.
            </Empty>
          ) : (
            <WorktreeList
              items={worktrees.data}
              selected={worktreeId}
              onOpen={({ id }) => void navigate({ to: '/worktrees/$worktreeId', params: { worktreeId: id } })}
            />
          )}
        </section>
      )}
      {worktreeId !== null ? (
        <section aria-label="One worktree" className="flex min-w-0 flex-1 flex-col">
          {!both && (
            <>
              <h1 className="sr-only">Worktree {selected?.name}</h1>
              <Button variant="ghost" className="shrink-0 self-start" onClick={back}>
                <ChevronLeft size={18} /> Worktrees
              </Button>
            </>
          )}
          {selected ? (
            <WorktreeDetail
              key={selected.id}
              worktree={selected}
              heard={agents.some((agent) => agent.id === selected.agent_id && isLive(agent))}
              onAgent={(id, view) => openAgent({ id }, view)}
              onGone={back}
            />
          ) : (
            <Empty title="There is no such worktree">It was removed, or belongs to somebody else.</Empty>
          )}
        </section>
      ) : (
        both &&
        worktrees.data.length > 0 && (
          <div className="grid flex-1 place-items-center text-ink-3 text-sm">
            Choose one to read its changes.
          </div>
        )
      )}
    </div>
  );
}
