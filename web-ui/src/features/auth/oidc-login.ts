/** Login with an OIDC provider: authorization code with PKCE; tokens stay in memory. Loaded only where it is used. */
import { InMemoryWebStorage, type User, UserManager, WebStorageStateStore } from 'oidc-client-ts';
import { wipe } from '@/lib/storage';
import type { ClientConfig } from '@/protocol/types';
import { type Login, useLogin } from './login';

export class OidcLogin implements Login {
  readonly #manager: UserManager;
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
  }

  token(): string | null {
    return this.#user?.access_token ?? null;
  }

  async start(): Promise<void> {
    const query = new URLSearchParams(location.search);
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

  async logout(): Promise<void> {
    wipe();
    this.#user = null;
    useLogin.setState({ phase: 'out', reason: null });
    await this.#manager.signoutRedirect().catch(() => undefined);
  }

  dispose(): void {
    this.#manager.stopSilentRenew();
  }
}
