/** Login with an OIDC provider: authorization code with PKCE; tokens stay in memory. Loaded only where it is used. */
import { InMemoryWebStorage, type User, UserManager, WebStorageStateStore } from 'oidc-client-ts';
import { wipe } from '@/lib/storage';
import type { ClientConfig } from '@/protocol/types';
import { type Login, useLogin } from './login';

const CHANNEL = 'orchestra-login';
/** Set while the browser is at the provider to log out: coming back must not log in again. */
const LEAVING = 'orchestra-leaving';

export class OidcLogin implements Login {
  readonly #manager: UserManager;
  readonly #channel = new BroadcastChannel(CHANNEL);
  #user: User | null = null;

  constructor(config: ClientConfig) {
    this.#manager = new UserManager({
      authority: config.issuer ?? '',
      client_id: config.client_id ?? '',
      redirect_uri: `${location.origin}/`,
      post_logout_redirect_uri: `${location.origin}/`,
      scope: 'openid profile offline_access',
      // Without an audience Auth0 gives an opaque token that no one but itself can read.
      ...(config.audience ? { extraQueryParams: { audience: config.audience } } : {}),
      userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
      // Only the verifier of a login under way has to survive the redirect.
      stateStore: new WebStorageStateStore({ store: sessionStorage }),
      automaticSilentRenew: true,
    });
    this.#manager.events.addUserLoaded((user) => {
      this.#user = user;
    });
    this.#manager.events.addAccessTokenExpired(() => void this.renew());
    this.#channel.onmessage = ({ data }) => {
      if (data === 'logout') void this.#out('You logged out in another tab.');
    };
  }

  token(): string | null {
    return this.#user?.access_token ?? null;
  }

  async start(): Promise<void> {
    const query = new URLSearchParams(location.search);
    if (sessionStorage.getItem(LEAVING)) {
      sessionStorage.removeItem(LEAVING);
      useLogin.setState({ phase: 'out', reason: 'You are logged out.' });
      return;
    }
    try {
      if (!query.has('state') || !(query.has('code') || query.has('error'))) {
        const back = location.pathname + location.search;
        return await this.#manager.signinRedirect({ state: back });
      }
      this.#user = await this.#manager.signinRedirectCallback();
      const back = typeof this.#user.state === 'string' ? this.#user.state : '/';
      history.replaceState(null, '', back.startsWith('/') && !back.startsWith('//') ? back : '/');
      useLogin.setState({ phase: 'in', reason: null });
    } catch (error) {
      history.replaceState(null, '', '/');
      useLogin.setState({ phase: 'out', reason: error instanceof Error ? error.message : null });
    }
  }

  async renew(): Promise<boolean> {
    try {
      this.#user = await this.#manager.signinSilent();
      return this.#user !== null;
    } catch {
      this.#user = null;
      useLogin.setState({ phase: 'out', reason: 'Your login has ended.' });
      return false;
    }
  }

  /** Ends the token here, the other tabs, and the session at the provider. */
  async logout(): Promise<void> {
    const token = this.token();
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const request = { method: 'POST', headers, credentials: 'omit' as const, body: '{}' };
    // Without an answer the token still ends by itself, within minutes.
    if (token) await fetch('/api/auth/logout', request).catch(() => undefined);
    wipe();
    this.#channel.postMessage('logout');
    sessionStorage.setItem(LEAVING, '1');
    try {
      await this.#manager.signoutRedirect();
    } catch {
      // The provider has no such page.
      sessionStorage.removeItem(LEAVING);
      await this.#out('You are logged out.');
    }
  }

  async #out(reason: string): Promise<void> {
    this.#user = null;
    await this.#manager.removeUser();
    useLogin.setState({ phase: 'out', reason });
  }

  dispose(): void {
    this.#manager.stopSilentRenew();
    this.#channel.close();
  }
}
