/** What every feature needs to talk to the daemon, handed down once from `app`. */
import { createContext, type ReactNode, useContext } from 'react';
import type { Me } from '@/protocol/types';
import type { Api } from './http';
import type { OrchestraSocket } from './orchestra-socket';
import type { TerminalHub } from './terminal-hub';

export interface Client {
  api: Api;
  socket: OrchestraSocket;
  hub: TerminalHub;
}

const ClientContext = createContext<Client | null>(null);
const MeContext = createContext<Me | null>(null);

export function ClientProvider({ client, children }: { client: Client; children: ReactNode }) {
  return <ClientContext value={client}>{children}</ClientContext>;
}

export function MeProvider({ me, children }: { me: Me; children: ReactNode }) {
  return <MeContext value={me}>{children}</MeContext>;
}

export function useClient(): Client {
  const client = useContext(ClientContext);
  if (!client) throw new Error('useClient needs a ClientProvider above it');
  return client;
}

export function useMe(): Me {
  const me = useContext(MeContext);
  if (!me) throw new Error('useMe needs a MeProvider above it');
  return me;
}

/** Whether the caller holds a permission; controls without it are not shown. */
export function useMay(permission: string): boolean {
  return useMe().permissions.includes(permission);
}
