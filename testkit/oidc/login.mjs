// A login as a browser makes it, without one: authorization request with PKCE, the provider's forms, the code,
// the token. For many logins in a row.
import { createHash, randomBytes } from 'node:crypto';

const base64url = (bytes) => Buffer.from(bytes).toString('base64url');

/** One browser's cookies. */
class Jar {
  #cookies = new Map();

  async fetch(url, options = {}) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...options.headers, ...(cookie ? { cookie } : {}) };
    const response = await fetch(url, { ...options, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [pair] = line.split(';');
      const at = pair.indexOf('=');
      const value = pair.slice(at + 1);
      if (value) this.#cookies.set(pair.slice(0, at), value);
      else this.#cookies.delete(pair.slice(0, at));
    }
    return response;
  }
}

/** Logs `name` in and returns the answer of the token endpoint. */
export async function logIn({ issuer, client_id, audience, origin, name }) {
  const jar = new Jar();
  const discovery = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
  const verifier = base64url(randomBytes(32));
  const state = base64url(randomBytes(16));
  const query = new URLSearchParams({
    client_id,
    response_type: 'code',
    redirect_uri: `${origin}/`,
    scope: 'openid profile offline_access',
    audience,
    state,
    nonce: base64url(randomBytes(16)),
    code_challenge: base64url(createHash('sha256').update(verifier).digest()),
    code_challenge_method: 'S256',
  });
  let at = new URL(`${discovery.authorization_endpoint}?${query}`);
  let response = await jar.fetch(at);
  for (let step = 0; step < 12 && at.origin !== origin; step += 1) {
    const location = response.headers.get('location');
    if (location) {
      at = new URL(location, at);
      if (at.origin === origin) break;
      response = await jar.fetch(at);
      continue;
    }
    const page = await response.text();
    const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1];
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
    if (!action || !prompt) throw new Error(`no form at ${at}: ${response.status} ${page.slice(0, 300)}`);
    at = new URL(action, at);
    const form = prompt === 'login' ? { prompt, login: name, password: 'any' } : { prompt };
    response = await jar.fetch(at, { method: 'POST', body: new URLSearchParams(form) });
  }
  if (at.searchParams.get('state') !== state) throw new Error(`another state came back: ${at}`);
  const code = at.searchParams.get('code');
  const exchange = { grant_type: 'authorization_code', client_id, code, code_verifier: verifier };
  return token(discovery, { ...exchange, redirect_uri: `${origin}/` });
}

/** Trades a refresh token for a new access token. */
export async function refresh({ issuer, client_id }, refresh_token) {
  const discovery = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
  return token(discovery, { grant_type: 'refresh_token', client_id, refresh_token });
}

async function token(discovery, form) {
  const answer = await fetch(discovery.token_endpoint, { method: 'POST', body: new URLSearchParams(form) });
  const body = await answer.json();
  if (!answer.ok) throw new Error(`the token endpoint says ${answer.status}: ${JSON.stringify(body)}`);
  return body;
}
