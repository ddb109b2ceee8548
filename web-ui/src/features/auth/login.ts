/** What every way of logging in offers; the state the page shows lives in one small store. */
import { create } from 'zustand';
import type { Credentials } from '@/lib/http';

export type LoginPhase = 'starting' | 'in' | 'out' | 'unreachable';

interface LoginState {
  phase: LoginPhase;
  /** Why the person is not logged in, in a sentence; null when there is nothing to explain. */
  reason: string | null;
}

export const useLogin = create<LoginState>(() => ({ phase: 'starting', reason: null }));

export interface Login extends Credentials {
  /** Logs in from what the page was opened with or what the browser keeps. */
  start(): Promise<void>;
  /** Logs in with a name and a password, where the daemon has accounts; the reason when that fails. */
  enter?(name: string, password: string): Promise<string | null>;
  logout(): Promise<void>;
  dispose(): void;
}

/** Reads and removes the one-time secret, before anything else can see the address. */
export function takeSecret(location: Location, history: History): string | null {
  const match = /^#login=([A-Za-z0-9._~-]+)$/.exec(location.hash);
  if (location.hash.startsWith('#login=')) {
    history.replaceState(null, '', location.pathname + location.search);
  }
  return match?.[1] ?? null;
}
