/** Login without a provider: a one-time link, then the key of this browser renews it. */
import { browserLabel } from '@/lib/browser-label';
import { ApiError, explain, readProblem } from '@/lib/http';
import { wipe } from '@/lib/storage';
import type {
  Challenge,
  DeviceKey,
  ExchangeRequest,
  LoginRequest,
  RenewRequest,
  TokenAnswer,
} from '@/protocol/types';
import { type DeviceStore, indexedDbStore, makeKey, signChallenge } from './device-key';
import { type Login, useLogin } from './login';

const CHANNEL = 'orchestra-login';
/** Renew when this share of the token's life is over. */
const RENEW_AT = 0.75;

export interface LocalLoginDeps {
  secret: string | null;
  store?: DeviceStore;
  fetch?: typeof fetch;
  label?: string;
}

export class LocalLogin implements Login {
  readonly #store: DeviceStore;
  readonly #fetch: typeof fetch;
  readonly #label: string;
  readonly #channel = new BroadcastChannel(CHANNEL);
  #secret: string | null;
  #token: string | null = null;
  #renewing: Promise<boolean> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(deps: LocalLoginDeps) {
    this.#secret = deps.secret;
    this.#store = deps.store ?? indexedDbStore;
    this.#fetch = deps.fetch ?? ((...args) => fetch(...args));
    this.#label = deps.label ?? browserLabel(navigator.userAgent);
    this.#channel.onmessage = ({ data }) => {
      if (data === 'logout') this.#out(null);
      // Another tab opened a login link: this one can go on with the same device.
      if (data === 'login' && useLogin.getState().phase === 'out') void this.start();
    };
  }

  token(): string | null {
    return this.#token;
  }

  async start(): Promise<void> {
    useLogin.setState({ phase: 'starting', reason: null });
    const secret = this.#secret;
    this.#secret = null;
    try {
      if (secret && (await this.#exchange(secret))) return;
      await this.#renewOnce();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** One renewal at a time, whoever asks; false when there is no way in but a new link. */
  renew(): Promise<boolean> {
    this.#renewing ??= this.#renewOnce()
      .catch((error) => {
        this.#failed(error);
        return false;
      })
      .finally(() => {
        this.#renewing = null;
      });
    return this.#renewing;
  }

  async enter(name: string, password: string): Promise<string | null> {
    try {
      await this.#newDevice((key) => {
        const body: LoginRequest = { name, password, key, label: this.#label };
        return this.#post<TokenAnswer>('/api/auth/login', body);
      });
      return null;
    } catch (error) {
      return explain(error);
    }
  }

  async logout(): Promise<void> {
    try {
      await this.#post('/api/auth/logout', {});
    } catch {
      // Without an answer the key is still wiped here, and the device ends by itself.
    }
    await this.#store.wipe();
    wipe();
    this.#channel.postMessage('logout');
    this.#out(null);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#channel.close();
  }

  async #exchange(secret: string): Promise<boolean> {
    try {
      await this.#newDevice((key) => {
        const body: ExchangeRequest = { secret, key, label: this.#label };
        return this.#post<TokenAnswer>('/api/auth/exchange', body);
      });
      return true;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status === 0) throw error;
      // A used or old link does no harm where the browser is known already.
      useLogin.setState({ reason: error.message });
      return false;
    }
  }

  /** Makes a key, has it taken as a device, and keeps it. */
  async #newDevice(ask: (key: DeviceKey) => Promise<TokenAnswer>): Promise<void> {
    const before = await this.#store.load().catch(() => null);
    const { keys, jwk } = await makeKey();
    const answer = await ask(jwk);
    if (answer.device_id) await this.#store.save({ deviceId: answer.device_id, keys });
    this.#in(answer);
    this.#channel.postMessage('login');
    if (before) void this.#forget(before.deviceId);
  }

  async #renewOnce(): Promise<boolean> {
    const device = await this.#store.load();
    if (!device) {
      this.#out(useLogin.getState().reason);
      return false;
    }
    try {
      const challenge = await this.#post<Challenge>('/api/auth/challenge', { device_id: device.deviceId });
      const body: RenewRequest = {
        device_id: device.deviceId,
        challenge: challenge.challenge,
        signature: await signChallenge(device.keys, challenge.challenge),
      };
      this.#in(await this.#post<TokenAnswer>('/api/auth/renew', body));
      return true;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status === 0 || error.status >= 500) throw error;
      if (error.status === 429) throw error;
      await this.#store.wipe();
      this.#out('This browser is not known any more: its login was ended or has expired.');
      return false;
    }
  }

  /** The browser had a device before this login; two entries for one browser would only confuse. */
  async #forget(deviceId: string): Promise<void> {
    const headers = { authorization: `Bearer ${this.#token}` };
    const path = `/api/auth/devices/${encodeURIComponent(deviceId)}`;
    await this.#fetch(path, { method: 'DELETE', headers, credentials: 'omit' }).catch(() => undefined);
  }

  async #post<T>(path: string, body: unknown): Promise<T> {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (this.#token) headers.authorization = `Bearer ${this.#token}`;
    const request = { method: 'POST', headers, credentials: 'omit' as const, body: JSON.stringify(body) };
    let response: Response;
    try {
      response = await this.#fetch(path, request);
    } catch {
      throw new ApiError({ type: 'urn:orchestra:unreachable', title: 'No answer', status: 0, detail: '' });
    }
    if (!response.ok) throw new ApiError(await readProblem(response));
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  #in(answer: TokenAnswer): void {
    this.#token = answer.access_token;
    clearTimeout(this.#timer);
    const life = Date.parse(answer.expires_at) - Date.now();
    this.#timer = setTimeout(() => void this.renew(), Math.max(5_000, life * RENEW_AT));
    useLogin.setState({ phase: 'in', reason: null });
  }

  #out(reason: string | null): void {
    this.#token = null;
    clearTimeout(this.#timer);
    useLogin.setState({ phase: 'out', reason });
  }

  #failed(error: unknown): void {
    // While logged in, a daemon that does not answer is the socket's matter: the page stays.
    if (useLogin.getState().phase === 'in') {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.renew(), 5_000);
      return;
    }
    const reason = error instanceof ApiError && error.status !== 0 ? error.message : null;
    useLogin.setState({ phase: 'unreachable', reason });
  }
}
