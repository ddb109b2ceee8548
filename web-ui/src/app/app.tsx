/** From the first request to the room: how to log in, who one is, then the router. */
import { QueryClientProvider, useQuery } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect, useMemo, useState } from 'react';
import { Toaster } from 'sonner';
import { Failed } from '@/components/ui/states';
import { TipProvider } from '@/components/ui/tip';
import { type Login, useLogin } from '@/features/auth/login';
import { LoginPage } from '@/features/auth/login-page';
import { type Client, ClientProvider, MeProvider } from '@/lib/client';
import { keys } from '@/lib/keys';
import { useTheme } from '@/lib/theme';
import type { ClientConfig, Me } from '@/protocol/types';
import { LiveUpdates } from './live-updates';
import type { Place } from './news';
import { type OpenedLogin, openLogin } from './open-login';
import { queries } from './queries';
import { router } from './router';
import { makeClient, SessionContext } from './session';

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
    <TipProvider delayDuration={500} skipDelayDuration={200}>
      <QueryClientProvider client={queries}>
        {opened && phase === 'in' ? (
          <Room login={opened.login} config={opened.config} />
        ) : (
          <LoginPage mode={opened?.config.login ?? null} enter={enter} onRetry={() => setRound(round + 1)} />
        )}
        <Toasts />
      </QueryClientProvider>
    </TipProvider>
  );
}

/** Lives while somebody is logged in; logging out takes everything that was read with it. */
function Room({ login, config }: { login: Login; config: ClientConfig }) {
  const [client, setClient] = useState<Client | null>(null);
  useEffect(() => {
    const made = makeClient(login);
    const updates = new LiveUpdates(queries, made.api, made.socket, openPlace);
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
      updates.dispose();
      made.hub.dispose();
      made.socket.dispose();
      queries.clear();
    };
  }, [login]);
  const session = useMemo(() => ({ config, logout: () => login.logout() }), [config, login]);
  if (!client) return null;
  return (
    <SessionContext value={session}>
      <ClientProvider client={client}>
        <WithMe client={client} />
      </ClientProvider>
    </SessionContext>
  );
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

function Toasts() {
  const theme = useTheme((state) => state.theme);
  return (
    <Toaster
      theme={theme}
      position="bottom-right"
      offset={{ bottom: 36, right: 16 }}
      mobileOffset={{ bottom: 72 }}
      toastOptions={{
        style: {
          background: 'var(--raised)',
          color: 'var(--ink)',
          border: '1px solid var(--line-strong)',
          borderRadius: '10px',
          boxShadow: 'var(--shadow-2)',
          fontFamily: 'var(--font-sans)',
        },
        descriptionClassName: 'text-ink-2!',
      }}
    />
  );
}
