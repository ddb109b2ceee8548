// Sessions on the fake daemon's disk: a list of every kind, one to read, and ten thousand for a long list.
// @ts-check

/** @typedef {import('../../protocol/types').Transcript} Transcript */
/** @typedef {import('../../protocol/types').Entry} Entry */
/** @typedef {import('../../protocol/types').Part} Part */

import { ago, MINUTE } from './clock.mjs';
import { entriesOf } from './session-entries.mjs';

const HOUR = 60 * MINUTE;

/**
 * @param {Partial<Transcript> & { id: string }} given
 * @returns {Transcript}
 */
export function session(given) {
  return {
    kind: 'claude',
    session: `5a0e${given.id.padStart(4, '0')}-0000-4000-8000-000000000001`,
    parent: null,
    call_id: null,
    title: 'Ship the session page',
    cwd: '/home/me/orchestra',
    project: 'orchestra',
    branch: 'main',
    model: 'claude-sonnet-4-5',
    version: '2.1.197',
    first_message: 'Ship the session page',
    last_message: 'Done.',
    messages: 48,
    tool_calls: 31,
    errors: 1,
    usage: {
      input_tokens: 4_120,
      output_tokens: 18_300,
      cache_write_tokens: 96_000,
      cache_read_tokens: 1_420_000,
    },
    cost_usd: 1.37,
    started_at: ago(5 * HOUR),
    updated_at: ago(3 * HOUR),
    duration_ms: 2 * HOUR,
    bytes: 412_000,
    read_bytes: 412_000,
    live: false,
    pid: null,
    status: null,
    agent_id: null,
    resumable: true,
    not_resumable: null,
    problem: null,
    hits: [],
    ...given,
  };
}

/** @returns {Transcript[]} */
export function sessions(scenario) {
  if (scenario === 'empty' || scenario === 'nocli') return [];
  const live = { live: true, resumable: false, updated_at: ago(4_000), pid: 41_207 };
  return [
    session({
      ...live,
      id: 's0',
      agent_id: 'primary',
      status: 'busy',
      not_resumable: 'agent primary has it already',
    }),
    session({
      ...live,
      id: 's1',
      title: 'Port the store to sqlx 0.9',
      agent_id: 'droid-002',
      status: 'busy',
      not_resumable: 'agent droid-002 has it already',
    }),
    session({
      ...live,
      id: 's2',
      title: 'Why does the sampler leak a file handle when an agent is killed between two captures?',
      status: 'idle',
      updated_at: ago(2 * MINUTE),
      branch: 'fix/sampler-leak',
      not_resumable: 'process 41207 writes to it; end that first, or fork it',
    }),
    session({ id: 's3', title: 'Ship the session page', updated_at: ago(40 * MINUTE) }),
    session({
      id: 's4',
      kind: 'codex',
      title: 'Name the retry policy and test its edges',
      model: 'gpt-5.1-codex',
      cost_usd: null,
      cwd: '/home/me/billing',
      project: 'billing',
      branch: 'retry-policy',
    }),
    session({
      id: 's5',
      title: 'Clean up the old importer',
      cwd: '/home/me/old/importer',
      project: 'importer',
      branch: null,
      resumable: false,
      not_resumable: 'its folder /home/me/old/importer is not there any more',
      updated_at: ago(3 * 24 * HOUR),
    }),
    session({
      id: 's6',
      title: 'Migrate the webhooks',
      problem: '3 lines are no JSON and were passed over',
      cost_usd: 0.004,
      updated_at: ago(4 * 24 * HOUR),
    }),
    session({
      id: 's7',
      kind: 'gemini',
      title: 'Read the whole design and list its contradictions',
      model: 'gemini-2.5-pro',
      messages: null,
      tool_calls: null,
      errors: null,
      usage: null,
      cost_usd: null,
      read_bytes: 0,
      bytes: 48_200_000,
      updated_at: ago(6 * 24 * HOUR),
    }),
    ...many(12, 7),
  ];
}

const DEEDS = ['Find the flaky test', 'Write the release notes', 'Try another cache', 'Explain the parser'];
const FOLDERS = ['orchestra', 'billing', 'website', 'notes'];

/** So many more, each a little older. */
export function many(count, after = 0) {
  return Array.from({ length: count }, (_, i) =>
    session({
      id: `m${i}`,
      title: `${DEEDS[i % 4]} (${i + 1})`,
      cwd: `/home/me/${FOLDERS[i % 4]}`,
      project: FOLDERS[i % 4],
      kind: i % 5 === 4 ? 'codex' : 'claude',
      messages: 4 + (i % 90),
      updated_at: ago((after + i) * 24 * HOUR),
    }),
  );
}

const CHILD = session({
  id: 'c1',
  session: 'aab66a226db423322',
  parent: session({ id: 's3' }).session,
  call_id: 'call-agent',
  title: 'Look for every list in the page that is not virtual',
  messages: 6,
  tool_calls: 3,
  cost_usd: 0.06,
  resumable: false,
  not_resumable: "it is a sub-agent's; resume the session it worked for",
});

function progress(scenario, items) {
  const bytes = items.reduce((sum, each) => sum + each.bytes, 0);
  const reading = scenario === 'busy';
  return {
    listed: true,
    read: !reading,
    sessions: items.length,
    bytes,
    summed: true,
    summed_bytes: bytes,
    read_bytes: reading ? Math.floor(bytes * 0.43) : bytes,
    problems: reading ? ['/home/me/.codex/sessions/2024 cannot be opened: permission denied'] : [],
  };
}

/** `GET /api/transcripts…`; null where there is no such thing. */
export function answer(daemon, pathname, query) {
  const [, , , id, part] = pathname.split('/');
  if (!id) return { body: list(daemon, query) };
  const found = [...daemon.sessions, CHILD].find((each) => each.id === id || each.session === id);
  if (!found) return null;
  if (part === 'export') return { text: `# ${found.title}\n` };
  const entries = entriesOf(found);
  const from = Number(query.get('from') ?? 0);
  const limit = Number(query.get('limit') ?? 200);
  const rest = entries.filter((each) => each.offset >= from);
  const shown = rest.slice(0, limit);
  const end = (entries.at(-1)?.offset ?? 0) + 100;
  return {
    body: {
      transcript: { ...found, bytes: end },
      children: found.id === 's3' ? [CHILD] : [],
      entries: shown,
      next_offset: shown.length < rest.length ? (rest[shown.length]?.offset ?? end) : Math.max(end, from),
      at_end: limit > 0 && shown.length === rest.length,
      unreadable: found.problem && from === 0 ? 3 : 0,
    },
  };
}

function list(daemon, query) {
  const q = (query.get('q') ?? '').toLowerCase();
  const items = daemon.sessions
    .filter((each) => !query.get('kind') || each.kind === query.get('kind'))
    .filter((each) => !query.get('cwd') || each.cwd.startsWith(query.get('cwd')))
    .filter((each) => query.get('live') !== 'true' || each.live)
    .map((each) => ({ ...each, hits: q ? hits(each, q) : [] }))
    .filter((each) => q === '' || each.hits.length > 0 || each.title.toLowerCase().includes(q));
  const start = Number(query.get('cursor') ?? 0);
  const limit = Number(query.get('limit') ?? 50);
  return {
    items: items.slice(start, start + limit),
    next_cursor: q === '' && start + limit < items.length ? String(start + limit) : null,
    progress: progress(daemon.scenario, daemon.sessions),
  };
}

function hits(session, q) {
  const holds = (part) => 'text' in part && part.text.toLowerCase().includes(q);
  return entriesOf(session)
    .filter((entry) => entry.parts.some(holds))
    .map(({ offset, parts }) => ({ offset, snippet: `…${parts.find(holds).text.slice(0, 120)}…` }))
    .slice(0, 3);
}
