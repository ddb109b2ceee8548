/** One logged-in stay in the page: the login, the socket and what hangs on it. */
import { createContext, useContext } from 'react';
import type { Login } from '@/features/auth/login';
import type { Client } from '@/lib/client';
import { Api } from '@/lib/http';
import { OrchestraSocket } from '@/lib/orchestra-socket';
import { TerminalHub } from '@/lib/terminal-hub';
import type { ClientConfig, Ticket } from '@/protocol/types';

export interface Session {
  config: ClientConfig;
  logout(): Promise<void>;
}

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession needs a SessionContext above it');
  return session;
}

/** The classes that live as long as the page; the socket starts once somebody is logged in. */
export function makeClient(login: Login): Client {
  const api = new Api(login);
  const socket = new OrchestraSocket({
    url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`,
    ticket: async () => (await api.post<Ticket>('/api/ws-tickets')).ticket,
    relogin: () => login.renew(),
  });
  return { api, socket, hub: new TerminalHub(socket) };
}
