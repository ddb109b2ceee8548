/** Asks the daemon how people log in here, and opens that way. */

import { LocalLogin } from '@/features/auth/local-login';
import { type Login, useLogin } from '@/features/auth/login';
import type { ClientConfig } from '@/protocol/types';

export interface OpenedLogin {
  login: Login;
  config: ClientConfig;
}

export async function openLogin(secret: string | null): Promise<OpenedLogin | null> {
  useLogin.setState({ phase: 'starting' });
  let config: ClientConfig;
  try {
    const response = await fetch('/api/client-config', { credentials: 'omit' });
    if (!response.ok) throw new Error(String(response.status));
    config = (await response.json()) as ClientConfig;
  } catch {
    useLogin.setState({ phase: 'unreachable', reason: null });
    return null;
  }
  const login = config.login === 'oidc' ? await openOidc(config) : new LocalLogin({ secret });
  await login.start();
  return { login, config };
}

async function openOidc(config: ClientConfig): Promise<Login> {
  const { OidcLogin } = await import('@/features/auth/oidc-login');
  return new OidcLogin(config);
}
