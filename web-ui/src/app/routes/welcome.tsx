/** The first minute: what to do now, and how to get a CLI where there is none. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Brand } from '@/components/brand';
import { Remedy } from '@/components/remedy';
import { Button } from '@/components/ui/button';
import { Failed, Skeleton } from '@/components/ui/states';
import { kindsQuery } from '@/features/agents/api';
import { useClient, useMay } from '@/lib/client';
import type { AgentKind } from '@/protocol/types';
import { useLayout } from '../layout-store';

export function Welcome() {
  const { api } = useClient();
  const kinds = useQuery(kindsQuery(api));
  const maySpawn = useMay('agents:spawn');
  const mayRead = useMay('transcripts:read');
  const show = useLayout((state) => state.show);
  if (kinds.isPending) return <Skeleton waitingFor="the list of CLIs" />;
  if (kinds.isError) return <Failed error={kinds.error} retry={() => void kinds.refetch()} />;
  const clis = kinds.data.filter((kind) => kind.kind !== 'shell');
  const ready = clis.filter((kind) => kind.ready);
  return (
    <div className="scroll-y min-h-0 flex-1">
      <div className="mx-auto flex max-w-lg flex-col items-start px-6 py-14 min-[700px]:py-20">
        <span className="text-ink-2">
          <Brand size={44} />
        </span>
        {!maySpawn ? (
          <>
            <h1 className="mt-5 font-semibold text-xl tracking-tight">Nothing is shared with you yet.</h1>
            <p className="mt-3 text-ink-2">
              Agents appear here when somebody shares one with you. Ask your admin if you expected to start
              your own.
            </p>
          </>
        ) : ready.length > 0 ? (
          <>
            <h1 className="mt-5 font-semibold text-xl tracking-tight">The room is yours.</h1>
            <p className="mt-3 text-ink-2">
              Tell the primary agent what you want. It starts with your first message, hands work to
              specialists, and you watch every terminal here. Ready on this machine:{' '}
              {ready.map((kind) => kind.title).join(', ')}.
            </p>
            <div className="mt-6 flex flex-wrap gap-2">
              <Link
                to="/chat"
                search={{}}
                className="inline-flex h-10 items-center rounded-md bg-solid px-4 font-medium text-on-solid hover:opacity-90 touch:h-11"
              >
                Message the primary
              </Link>
              <Button size="lg" variant="ghost" onClick={() => show('spawn')}>
                Start one agent
              </Button>
              {mayRead && (
                <Link
                  to="/sessions"
                  search={{}}
                  className="inline-flex h-10 items-center rounded-md px-4 text-ink-2 hover:bg-hover hover:text-ink touch:h-11"
                >
                  Go on with a session
                </Link>
              )}
            </div>
          </>
        ) : (
          <NoCli kinds={clis} onShell={() => show('spawn')} />
        )}
      </div>
    </div>
  );
}

const SHOWN = 3;

function NoCli({ kinds, onShell }: { kinds: readonly AgentKind[]; onShell(): void }) {
  const remedies = kinds.filter((kind) => kind.remedy).slice(0, SHOWN);
  return (
    <>
      <h1 className="mt-5 font-semibold text-xl tracking-tight">No agent CLI found.</h1>
      <p className="mt-3 text-ink-2">
        Orchestra runs Claude Code, Codex and others that are on your PATH. Install one where the daemon runs;
        this page notices by itself.
      </p>
      <ul className="mt-6 w-full space-y-4">
        {remedies.map((kind) => (
          <li key={kind.kind}>
            <p className="mb-1 font-medium text-sm">{kind.title}</p>
            <Remedy text={kind.remedy ?? ''} />
          </li>
        ))}
      </ul>
      <div className="mt-7">
        <Button size="lg" onClick={onShell}>
          Start a shell agent instead
        </Button>
      </div>
    </>
  );
}
