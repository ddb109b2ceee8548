/** Sessions that the CLIs keep on disk: the list, and one of them to read beside it. */
import { Outlet, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { clsx } from 'clsx';
import { Button } from '@/components/ui/button';
import { Empty, Failed, Skeleton } from '@/components/ui/states';
import { useSessions } from '@/features/sessions/api';
import type { SessionFilter } from '@/features/sessions/filter';
import { IndexNote } from '@/features/sessions/index-note';
import { SessionList } from '@/features/sessions/session-list';
import { SessionsHead } from '@/features/sessions/sessions-head';
import { useMay } from '@/lib/client';
import { useMedia, usePhone } from '@/lib/use-media';
import type { Transcript } from '@/protocol/types';
import { useLayout } from '../layout-store';
import { PhoneHead } from './phone-head';
import { useSessionActs } from './use-session-acts';

export const useBoth = () => useMedia('(min-width: 1000px)');

export default function SessionsRoute() {
  const { sessionId } = useParams({ strict: false });
  const { at, ...filter } = useSearch({ from: '/shell/sessions' });
  const navigate = useNavigate();
  const phone = usePhone();
  const both = useBoth();
  const sessions = useSessions(filter);
  const acts = useSessionActs();
  const selected = sessionId ?? null;
  const show = (next: SessionFilter) =>
    void (selected
      ? navigate({
          to: '/sessions/$sessionId',
          params: { sessionId: selected },
          // Another list leaves what is read where it is.
          search: at === undefined ? next : { ...next, at },
          replace: true,
        })
      : navigate({ to: '/sessions', search: next, replace: true }));
  const open = (session: Transcript) => {
    const [hit] = session.hits;
    void navigate({
      to: '/sessions/$sessionId',
      params: { sessionId: session.id },
      search: hit ? { ...filter, at: hit.offset } : filter,
    });
  };
  const wide = selected === null && both;
  return (
    <div className="flex min-h-0 flex-1">
      {(both || selected === null) && (
        <section
          aria-label="Sessions"
          className={clsx(
            'flex min-w-0 flex-col',
            wide || !both ? 'flex-1' : 'w-[380px] shrink-0 border-line border-r',
          )}
        >
          {phone && <PhoneHead title="Sessions" />}
          <SessionsHead filter={filter} items={sessions.items} onFilter={show} />
          {sessions.progress && <IndexNote progress={sessions.progress} />}
          {sessions.isPending ? (
            <Skeleton rows={8} waitingFor="the list of sessions" />
          ) : sessions.error ? (
            <Failed error={sessions.error} retry={() => void sessions.refetch()} />
          ) : sessions.items.length === 0 ? (
            <NoSessions
              filter={filter}
              looking={sessions.outdated || !sessions.progress?.listed}
              onClear={() => show({})}
              onStart={() => useLayout.getState().show('spawn')}
            />
          ) : (
            <div className={clsx('flex min-h-0 flex-1 flex-col', sessions.outdated && 'opacity-60')}>
              {sessions.cut && (
                <p className="label shrink-0 border-line border-b px-4 py-1.5" role="status">
                  the newest {sessions.items.length} that hold these words; older ones may too, and longer
                  words find fewer
                </p>
              )}
              <SessionList
                // Other words or another filter begin at the top.
                key={JSON.stringify(filter)}
                items={sessions.items}
                selected={selected}
                wide={wide}
                phone={phone}
                words={filter.q ?? ''}
                acts={acts}
                older={sessions.older}
                onOpen={open}
              />
            </div>
          )}
        </section>
      )}
      <Outlet />
    </div>
  );
}

interface NoSessionsProps {
  filter: SessionFilter;
  looking: boolean;
  onClear(): void;
  onStart(): void;
}

function NoSessions({ filter, looking, onClear, onStart }: NoSessionsProps) {
  const maySpawn = useMay('agents:spawn');
  if (looking) return <Skeleton rows={4} waitingFor="the look through all folders" />;
  if (Object.keys(filter).length > 0) {
    return (
      <Empty title="No session is like that" action={<Button onClick={onClear}>Show all</Button>}>
        {filter.q
          ? 'Every word must stand in the same message, or the text in the title, folder or id.'
          : 'Choose another filter above.'}
      </Empty>
    );
  }
  return (
    <Empty title="No session found" action={maySpawn && <Button onClick={onStart}>Start an agent</Button>}>
      <p>
        Whatever you do with Claude Code, Codex, Gemini CLI or Qwen Code on this machine appears here by
        itself, whoever started it. You can search it, read it, and go on with it as an agent.
      </p>
      <p>
        Start one in any terminal, for example <code className="font-mono">claude</code>, and it is here
        within a second.
      </p>
    </Empty>
  );
}
