import { beforeEach, describe, expect, it, vi } from 'vitest';
import { browserLabel } from '@/lib/browser-label';
import { base64url, type DeviceStore, makeKey, type StoredDevice, signChallenge } from './device-key';
import { LocalLogin } from './local-login';
import { takeSecret, useLogin } from './login';

function memoryStore(): DeviceStore & { kept: StoredDevice | null } {
  return {
    kept: null,
    async load() {
      return this.kept;
    },
    async save(device) {
      this.kept = device;
    },
    async wipe() {
      this.kept = null;
    },
  };
}

const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });
const later = () => new Date(Date.now() + 600_000).toISOString();
const problem = (status: number, detail: string) =>
  json(status, { type: 'urn:orchestra:x', title: 'No', status, detail });

beforeEach(() => useLogin.setState({ phase: 'starting', reason: null }));

describe('the key of this browser', () => {
  it('cannot be read out, and its signature holds for the public half', async () => {
    const { keys, jwk } = await makeKey();
    expect(keys.privateKey.extractable).toBe(false);
    const signature = await signChallenge(keys, 'challenge-text');
    expect(signature).toMatch(/^[A-Za-z0-9_-]{86}$/);
    const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'verify',
    ]);
    const bytes = Uint8Array.from(atob(signature.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
      c.charCodeAt(0),
    );
    const text = new TextEncoder().encode('challenge-text');
    expect(await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, bytes, text)).toBe(true);
  });

  it('is written in the alphabet of URLs', () => {
    expect(base64url(new Uint8Array([251, 255, 254]))).toBe('-__-');
  });
});

describe('local login', () => {
  it('takes the secret out of the address before anything else', () => {
    const history = { replaceState: vi.fn() } as unknown as History;
    const at = (hash: string) => ({ hash, pathname: '/tasks', search: '?q=1' }) as Location;
    expect(takeSecret(at('#login=abc-123'), history)).toBe('abc-123');
    expect(history.replaceState).toHaveBeenCalledWith(null, '', '/tasks?q=1');
    expect(takeSecret(at('#login=<script>'), history)).toBeNull();
    expect(history.replaceState).toHaveBeenCalledTimes(2);
    expect(takeSecret(at('#other'), history)).toBeNull();
  });

  it('exchanges a link for a device, then renews by signing', async () => {
    const store = memoryStore();
    const calls: string[] = [];
    const fetcher = vi.fn(async (path: RequestInfo | URL, init?: RequestInit) => {
      calls.push(String(path));
      if (path === '/api/auth/exchange') {
        const body = JSON.parse(String(init?.body));
        expect(body.secret).toBe('s3cret');
        expect(Object.keys(body.key).sort()).toEqual(['crv', 'kty', 'x', 'y']);
        return json(200, { access_token: 't1', expires_at: later(), device_id: 'd1' });
      }
      if (path === '/api/auth/challenge') return json(200, { challenge: 'c', expires_at: later() });
      return json(200, { access_token: 't2', expires_at: later(), device_id: 'd1' });
    });
    const login = new LocalLogin({ secret: 's3cret', store, fetch: fetcher as typeof fetch });
    await login.start();
    expect([login.token(), useLogin.getState().phase, store.kept?.deviceId]).toEqual(['t1', 'in', 'd1']);
    expect(await login.renew()).toBe(true);
    expect(login.token()).toBe('t2');
    expect(calls).toEqual(['/api/auth/exchange', '/api/auth/challenge', '/api/auth/renew']);
    login.dispose();
  });

  it('goes on with a known browser when the link was used before', async () => {
    const store = memoryStore();
    store.kept = { deviceId: 'd1', keys: (await makeKey()).keys };
    const fetcher = async (path: RequestInfo | URL) => {
      if (path === '/api/auth/exchange') return problem(401, 'The link was used.');
      if (path === '/api/auth/challenge') return json(200, { challenge: 'c', expires_at: later() });
      return json(200, { access_token: 't', expires_at: later(), device_id: 'd1' });
    };
    const login = new LocalLogin({ secret: 'old', store, fetch: fetcher as typeof fetch });
    await login.start();
    expect(useLogin.getState()).toEqual({ phase: 'in', reason: null });
    login.dispose();
  });

  it('says why a link does not work where the browser is not known', async () => {
    const fetcher = async () => problem(401, 'The link was used.');
    const login = new LocalLogin({ secret: 'old', store: memoryStore(), fetch: fetcher as typeof fetch });
    await login.start();
    expect(useLogin.getState()).toEqual({ phase: 'out', reason: 'The link was used.' });
    login.dispose();
  });

  it('keeps the key when the daemon is down, and forgets it when it was revoked', async () => {
    const store = memoryStore();
    store.kept = { deviceId: 'd1', keys: (await makeKey()).keys };
    let answer: () => Promise<Response> = () => Promise.reject(new TypeError('refused'));
    const login = new LocalLogin({ secret: null, store, fetch: (() => answer()) as typeof fetch });
    await login.start();
    expect(useLogin.getState().phase).toBe('unreachable');
    expect(store.kept).not.toBeNull();
    answer = async () => problem(401, 'gone');
    expect(await login.renew()).toBe(false);
    expect(useLogin.getState().phase).toBe('out');
    expect(store.kept).toBeNull();
    login.dispose();
  });

  it('names the browser in words', () => {
    expect(browserLabel('Mozilla/5.0 (Macintosh; Intel Mac OS X) Chrome/156 Safari/537')).toBe(
      'Chrome on macOS',
    );
    expect(browserLabel('Mozilla/5.0 (iPhone) Version/18 Safari/604')).toBe('Safari on iOS');
  });
});
