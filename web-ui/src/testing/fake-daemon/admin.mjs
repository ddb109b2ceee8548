// People, sockets and the audit, as an admin sees them.
import { ago, ME, MINUTE } from './clock.mjs';

const person = (given) => ({
  issuer: 'local',
  subject: given.id,
  role: 'developer',
  account: true,
  locked_at: null,
  created_at: ago(9000 * MINUTE),
  last_used_at: ago(12 * MINUTE),
  devices: 1,
  agents: 0,
  sockets: 0,
  ...given,
});

const PEOPLE = [
  person({ id: ME.id, name: ME.name, role: 'admin', agents: 10, sockets: 2, last_used_at: ago(MINUTE) }),
  person({ id: 'u-2', name: 'Bob', agents: 3, sockets: 1 }),
  person({ id: 'u-3', name: 'Carol', role: 'viewer', locked_at: ago(50 * MINUTE), last_used_at: null }),
];

const SOCKETS = [
  { id: 4, user_id: ME.id, name: ME.name, ip: '127.0.0.1', opened_at: ago(34 * MINUTE) },
  { id: 9, user_id: 'u-2', name: 'Bob', ip: '10.0.0.7', opened_at: ago(3 * MINUTE) },
];

const setting = (key, value, about, given = {}) => ({
  key,
  about,
  shape: 'integer',
  value,
  default: value,
  origin: { from: 'default' },
  next: null,
  changeable: true,
  ...given,
});

const SETTINGS = {
  file: '/home/ann/.config/orchestra/config.toml',
  exists: true,
  settings: [
    setting('server.listen', '0.0.0.0:8443', 'Address that is listened at', {
      shape: 'text',
      default: '127.0.0.1:8080',
      origin: { from: 'flag', name: '--listen' },
      changeable: false,
    }),
    setting('auth.login', 'oidc', 'Who logs people in: `local`, or `oidc` with an issuer', {
      shape: 'text',
      default: 'local',
      origin: { from: 'file', line: 7 },
      changeable: false,
    }),
    setting('terminal.recording', 'true', 'Records what terminals show', { shape: 'switch' }),
    setting('terminal.cols', '132', 'Columns of a new terminal', {
      default: '120',
      origin: { from: 'variable', name: 'ORCHESTRA_TERMINAL__COLS' },
      changeable: false,
    }),
    setting('limits.depth', '5', 'How deep agents may delegate', {
      default: '3',
      origin: { from: 'file', line: 12 },
      next: '7',
    }),
    setting('limits.live_agents', '10', 'Agents of one user that run at the same time'),
    setting('kinds.claude.env', '["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"]', null, {
      shape: 'list',
      default: null,
      changeable: false,
    }),
  ],
  faults: [
    {
      place: '/home/ann/.config/orchestra/config.toml:14',
      key: 'limits.depht',
      message: 'unknown field `depht`, expected one of `depth`, `live_agents`',
    },
  ],
};

const LINES = [
  [1, 'POST /api/agents/{id}/input', 'droid-002', 'ok'],
  [3, 'socket typed', 'aider-001', 'ok'],
  [4, 'POST /api/agents/{id}/kill', 'cursor-009', 'denied: forbidden', 'u-2'],
  [9, 'POST /api/approvals/{id}/answer', 'a-7', 'ok'],
  [11, 'POST /api/agents', 'droid-002', 'ok', 'primary'],
  [52, 'POST /api/admin/locks', 'u-3', 'ok'],
  [53, 'POST /api/auth/exchange', '', 'failed: link_used', null],
];

const line = ([minutes, action, object, result, principal = ME.id], at) => ({
  seq: 900 - at,
  ts: ago(minutes * MINUTE),
  kind: 'event',
  principal,
  on_behalf_of: principal === 'primary' ? ME.id : null,
  ip: principal === 'u-2' ? '10.0.0.7' : '127.0.0.1',
  action,
  object,
  result,
  request_id: `r-${900 - at}`,
});

export function answer(at, search) {
  if (at === 'GET /api/admin/users') return { body: { items: PEOPLE, next_cursor: null } };
  if (at === 'GET /api/admin/settings') return { body: SETTINGS };
  if (at === 'GET /api/admin/sockets') return { body: { items: SOCKETS, next_cursor: null } };
  if (at === 'GET /api/audit/verify') return { body: { lines: 900, last: 900, broken_in: null } };
  if (at !== 'GET /api/audit') return null;
  const holds = (name, text) => text.includes(search.get(name) ?? '');
  const items = LINES.map(line).filter(
    (each) => holds('action', each.action) && holds('object', each.object) && holds('result', each.result),
  );
  return { body: { items, next_cursor: null } };
}
