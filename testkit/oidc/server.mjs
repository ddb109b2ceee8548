// A real OpenID provider (oidc-provider) on loopback, set up as docs/auth asks people to set up theirs:
// a public client for the page with code + PKCE and refresh tokens, one for the command line with
// device codes and a way back to loopback, one API whose access tokens are JWTs with the permissions of the person in them.
//
//   node testkit/oidc/server.mjs --port 0 --origin http://127.0.0.1:8080
//
// Prints one line of JSON when it serves: {"issuer","client_id","cli_client_id","audience"}. Any password is
// taken; the name says the role: admin-…, dev-…, view-…, and anybody else has no permission at all.
import { createServer } from 'node:http';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const AUDIENCE = 'https://orchestra.example/api';
const DEVELOPER = [
  'agents:read',
  'agents:spawn',
  'agents:kill',
  'terminal:type',
  'tasks:delegate',
  'approvals:decide',
  'transcripts:read',
];
const PERMISSIONS = {
  view: ['agents:read'],
  dev: DEVELOPER,
  admin: [
    ...DEVELOPER,
    'agents:read_all',
    'agents:kill_all',
    'audit:read',
    'users:manage',
    'settings:manage',
    'metrics:read',
  ],
};

/** Where install.sh put the packages. */
const packages = join(process.env.ORCHESTRA_TEST_CACHE ?? join(import.meta.dirname, '../../.cache'), 'oidc');

export async function startProvider({ port = 0, origin, life = 600 }) {
  const require = createRequire(join(packages, 'package.json'));
  const { Provider } = await import(pathToFileURL(require.resolve('oidc-provider')).href);
  const listener = createServer();
  await new Promise((resolve) => listener.listen(port, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${listener.address().port}`;
  const key = (type, options, alg) => {
    const { privateKey } = generateKeyPairSync(type, options);
    const kid = randomBytes(6).toString('hex');
    return { ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
  };
  const resource = {
    audience: AUDIENCE,
    scope: PERMISSIONS.admin.join(' '),
    accessTokenFormat: 'jwt',
    accessTokenTTL: life,
    jwt: { sign: { alg: 'RS256' } },
  };
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'orchestra-page',
        application_type: 'web',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        redirect_uris: [`${origin}/`],
        post_logout_redirect_uris: [`${origin}/`],
      },
      {
        client_id: 'orchestra-cli',
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
        response_types: ['code'],
        // Any port of it: a native client does not know which one is free (RFC 8252).
        redirect_uris: ['http://127.0.0.1/callback'],
      },
    ],
    jwks: { keys: [key('rsa', { modulusLength: 2048 }, 'RS256')] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    pkce: { required: () => true },
    clientBasedCORS: (_context, from) => from === origin,
    extraParams: ['audience'],
    // Like Auth0, and unlike the letter of OpenID Connect, it gives a refresh token without asking for consent.
    issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    ttl: { AccessToken: life, RefreshToken: 86_400, Session: 86_400, Grant: 86_400, Interaction: 600, IdToken: 600 },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, name: id, email: 'same@example.com' }) }),
    extraTokenClaims: (_context, token) => ({
      permissions: PERMISSIONS[String(token.accountId).split('-')[0]] ?? [],
      name: token.accountId,
    }),
    features: {
      devInteractions: { enabled: true },
      deviceFlow: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => AUDIENCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => resource,
      },
      rpInitiatedLogout: { enabled: true },
    },
  });
  provider.proxy = false;
  listener.on('request', provider.callback());
  return {
    issuer,
    client_id: 'orchestra-page',
    cli_client_id: 'orchestra-cli',
    audience: AUDIENCE,
    close: () => {
      listener.closeAllConnections();
      return new Promise((resolve) => listener.close(resolve));
    },
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      origin: { type: 'string' },
      life: { type: 'string', default: '600' },
    },
  });
  // Its warnings are about running it as a service, which nobody does with this one.
  console.warn = console.info = () => {};
  const { issuer, client_id, cli_client_id, audience } = await startProvider({
    port: Number(values.port),
    origin: values.origin ?? 'http://127.0.0.1:8080',
    life: Number(values.life),
  });
  process.stdout.write(`${JSON.stringify({ issuer, client_id, cli_client_id, audience })}\n`);
}
