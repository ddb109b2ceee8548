/** From the first request to the room: how to log in, who one is, then the router. */
import { QueryClientProvider, useQuery } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import { Failed } from '@/components/ui/states';
import { TipHost } from '@/components/ui/tip';
import { type Login, useLogin } from '@/features/auth/login';
import { type Client, ClientProvider, MeProvider } from '@/lib/client';
import { keys } from '@/lib/keys';
import { onFirstToast } from '@/lib/toast';
import type { ClientConfig, Me } from '@/protocol/types';
import { LiveUpdates } from './live-updates';
import type { Place } from './news';
import { followNotifications, stopTelling } from './notifications';
import { type OpenedLogin, openLogin } from './open-login';
import { tellPresence } from './presence';
import { queries } from './queries';
import { router } from './router';
import { makeClient, SessionContext } from './session';

// Most of the time the browser is known and nobody sees it.
const LoginPage = lazy(async () => ({ default: (await import('@/features/auth/login-page')).LoginPage }));
const Toasts = lazy(() => import('./toasts'));

interface AppProps {
  /** Begun before the first render, so that it happens once whatever React does. */
  opening: Promise<OpenedLogin | null>;
  /** The one-time secret, for another try when the first got no answer. */
  secret: string | null;
}

export function App({ opening, secret }: AppProps) {
  const [opened, setOpened] = useState<OpenedLogin | null>(null);
  const [round, setRound] = useState(0);
  const phase = useLogin((state) => state.phase);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` is the person's "try again"
  useEffect(() => {
    let current = true;
    if (opened) void opened.login.start();
    else {
      void (round === 0 ? opening : openLogin(secret)).then((result) => {
        if (current && result) setOpened(result);
      });
    }
    return () => {
      current = false;
    };
  }, [round]);

  const login = opened?.login;
  const enter = opened?.config.accounts && login?.enter ? login.enter.bind(login) : undefined;
  return (
    <QueryClientProvider client={queries}>
      {opened && phase === 'in' ? (
        <Room login={opened.login} config={opened.config} />
      ) : (
        <Suspense fallback={null}>
          <LoginPage mode={opened?.config.login ?? null} enter={enter} onRetry={() => setRound(round + 1)} />
        </Suspense>
      )}
      <ToastHost />
      <TipHost />
    </QueryClientProvider>
  );
}

/** Lives while somebody is logged in; logging out takes everything that was read with it. */
function Room({ login, config }: { login: Login; config: ClientConfig }) {
  const [client, setClient] = useState<Client | null>(null);
  useEffect(() => {
    const made = makeClient(login);
    const updates = new LiveUpdates(queries, made.api, made.socket, openPlace);
    const stopFollowing = followNotifications(made.api);
    const stopPresence = tellPresence(made.socket);
    const wake = () => document.visibilityState === 'visible' && made.socket.wake();
    made.socket.start();
    document.addEventListener('visibilitychange', wake);
    window.addEventListener('online', wake);
    window.addEventListener('pageshow', wake);
    setClient(made);
    return () => {
      document.removeEventListener('visibilitychange', wake);
      window.removeEventListener('online', wake);
      window.removeEventListener('pageshow', wake);
      stopFollowing();
      stopPresence();
      updates.dispose();
      made.hub.dispose();
      made.socket.dispose();
      queries.clear();
    };
  }, [login]);
  const session = useMemo(() => ({ config, logout: () => leave(login, client) }), [config, login, client]);
  if (!client) return null;
  return (
    <SessionContext value={session}>
      <ClientProvider client={client}>
        <WithMe client={client} />
      </ClientProvider>
    </SessionContext>
  );
}

/** A browser that is logged out is told nothing more. */
async function leave(login: Login, client: Client | null): Promise<void> {
  if (client) await stopTelling(client.api);
  await login.logout();
}

function openPlace(place: Place): void {
  if ('agent' in place) {
    void router.navigate({ to: '/agents/$agentId', params: { agentId: place.agent }, search: {} });
  } else void router.navigate({ to: '/tasks/$taskId', params: { taskId: String(place.task) }, search: {} });
}

function WithMe({ client }: { client: Client }) {
  const me = useQuery({
    queryKey: keys.me,
    queryFn: () => client.api.get<Me>('/api/me'),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (me.isError) {
    return (
      <main className="mx-auto max-w-md pt-24">
        <Failed error={me.error} retry={() => void me.refetch()} />
      </main>
    );
  }
  if (!me.data) return null;
  if (me.data.permissions.length === 0) {
    return (
      <main className="mx-auto max-w-md px-6 pt-24">
        <h1 className="font-semibold text-lg">You are logged in, but may do nothing here yet.</h1>
        <p className="mt-2 text-ink-2">
          Ask your admin to give {me.data.principal.name} a role, then load this page again.
        </p>
      </main>
    );
  }
  return (
    <MeProvider me={me.data}>
      <RouterProvider router={router} />
    </MeProvider>
  );
}

/** Put up with the first words that are to be shown. */
function ToastHost() {
  const [up, setUp] = useState(false);
  useEffect(() => onFirstToast(() => setUp(true)), []);
  return <Suspense fallback={null}>{up && <Toasts />}</Suspense>;
}
