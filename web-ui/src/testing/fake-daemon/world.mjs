// What the fake daemon knows: agents, tasks and messages, for each scenario of the gallery.
// @ts-check

/** @typedef {import('../../protocol/types').Agent} Agent */
/** @typedef {import('../../protocol/types').Task} Task */
/** @typedef {import('../../protocol/types').AgentKind} AgentKind */

import { ago, ME, MINUTE } from './clock.mjs';

/**
 * @param {Partial<Agent> & { id: string }} given
 * @param {Partial<Agent['activity']>} activity
 * @returns {Agent}
 */
export function agent(given, activity = {}) {
  return {
    session_id: `sess-${given.id}`,
    kind: 'claude',
    specialist: null,
    name: given.id,
    title: '',
    role: 'specialist',
    owner: ME.id,
    owner_name: ME.name,
    parent: 'primary',
    cwd: '/home/me/orchestra',
    status: 'running',
    reason: null,
    pid: 4200 + given.id.length * 31,
    restarts: 0,
    size: { cols: 120, rows: 40 },
    task_id: null,
    created_at: ago(22 * MINUTE),
    started_at: ago(22 * MINUTE),
    ended_at: null,
    exit_code: null,
    signal: null,
    usage: { input_tokens: 48_200, output_tokens: 9_120, cost_usd: 0.42 },
    ...given,
    activity: {
      state: 'idle',
      waiting_for: null,
      since: ago(3 * MINUTE),
      source: 'hook',
      confidence: 1,
      ...activity,
    },
  };
}

function crowd() {
  const titles = [
    'Write the tests of the socket',
    'Tidy the build',
    'Port the store to sqlx 0.9',
    'Document the wire',
    'Find the leak in the sampler',
    'Translate the errors',
    'Measure the echo',
  ];
  return titles.map((title, i) =>
    agent(
      {
        id: `${['droid', 'cursor', 'aider'][i % 3]}-${String(i + 2).padStart(3, '0')}`,
        title,
        kind: ['claude', 'codex', 'shell'][i % 3],
      },
      i % 4 === 3
        ? { state: 'idle', since: ago(9 * MINUTE) }
        : { state: 'busy', since: ago((i + 1) * 47_000), source: i % 3 === 2 ? 'process' : 'hook' },
    ),
  );
}

/** @returns {Agent[]} */
export function agents(scenario) {
  if (scenario === 'empty' || scenario === 'nocli') return [];
  const calm = [
    agent(
      { id: 'primary', role: 'primary', parent: null, title: 'Ship the session page' },
      { state: 'busy', since: ago(72_000) },
    ),
    ...crowd(),
    agent({
      id: 'droid-000',
      title: 'Read the code',
      status: 'completed',
      ended_at: ago(40 * MINUTE),
      exit_code: 0,
      pid: null,
    }),
    agent({
      id: 'cursor-001',
      title: 'Try the new layout',
      status: 'killed',
      ended_at: ago(90 * MINUTE),
      reason: 'killed from the web page',
      pid: null,
    }),
  ];
  if (scenario === 'calm') return calm;
  const asks = calm.find(({ id }) => id === 'droid-002');
  if (asks && scenario === 'asking') {
    Object.assign(asks.activity, {
      state: 'waiting',
      waiting_for: 'permission',
      since: ago(52_000),
      source: 'hook',
    });
  }
  return [
    ...calm,
    agent(
      { id: 'aider-001', title: 'Release 0.2', specialist: 'aider', task_id: 14 },
      { state: 'waiting', waiting_for: 'permission', since: ago(94_000), confidence: 1 },
    ),
    agent(
      { id: 'droid-001', title: 'Tests for spawn', kind: 'codex', specialist: 'droid', task_id: 12 },
      { state: 'waiting', waiting_for: 'question', since: ago(31_000), confidence: 0.9, source: 'screen' },
    ),
    agent({
      id: 'cursor-009',
      title: 'Colours of the wall',
      status: 'failed',
      reason: 'The CLI exited with code 1: no credential for the model. Run `claude` once and log in.',
      ended_at: ago(4 * MINUTE),
      exit_code: 1,
      pid: null,
    }),
  ];
}

/**
 * @param {Partial<Task> & { id: number }} given
 * @returns {Task}
 */
export function task(given) {
  return {
    title: '',
    prompt: 'Do the work that the title names, complete in itself, and report what you changed.',
    status: 'completed',
    reason: null,
    agent_id: null,
    kind: 'claude',
    specialist: null,
    parent_task_id: null,
    requested_by: 'primary',
    owner: ME.id,
    attempts: [],
    result: null,
    error: null,
    elapsed_ms: 184_000,
    created_at: ago(30 * MINUTE),
    ended_at: ago(26 * MINUTE),
    ...given,
  };
}

/** @returns {Task[]} */
export function tasks(scenario) {
  if (scenario === 'empty' || scenario === 'nocli') return [];
  const attempt = (agent_id, status, from, to, reason = null) => ({
    number: 1,
    agent_id,
    status,
    reason,
    started_at: ago(from),
    ended_at: to === null ? null : ago(to),
  });
  const planned = {
    status: /** @type {const} */ ('waiting'),
    reason: 'waits for approval',
    attempts: [],
    ended_at: null,
  };
  const past = Array.from({ length: 9 }, (_, i) =>
    task({
      id: i + 1,
      title:
        [
          'Read the design sheets',
          'List the open questions',
          'Set up the workspace',
          'Sketch the wire types',
          'Lay out the store',
          'Check the licence of every crate',
          'Draw the mark',
          'Count the tokens of a day',
          'Name the states',
        ][i] ?? '',
      specialist: ['droid', 'cursor', 'aider'][i % 3] ?? null,
      agent_id: 'droid-000',
      status: i === 5 ? 'cancelled' : 'completed',
      reason: i === 5 ? 'not needed any more' : null,
      created_at: ago((200 - i * 12) * MINUTE),
      ended_at: ago((195 - i * 12) * MINUTE),
      result: i === 5 ? null : { text: 'Done as asked.', files: [], diff_stat: null, declared: null },
    }),
  );
  return [
    ...past,
    task({
      id: 11,
      title: 'Record every attempt of a task',
      prompt:
        'In daemon/src/delegate, write an attempt row before the agent is started and fence late results by its number. Add a test that a result of attempt 1 changes nothing once attempt 2 has begun.',
      specialist: 'droid',
      agent_id: 'droid-002',
      attempts: [
        {
          ...attempt('droid-000', 'failed', 24 * MINUTE, 21 * MINUTE, 'the CLI exited with code 137'),
          number: 1,
        },
        { ...attempt('droid-002', 'completed', 21 * MINUTE, 12 * MINUTE), number: 2 },
      ],
      created_at: ago(24 * MINUTE),
      ended_at: ago(12 * MINUTE),
      elapsed_ms: 720_000,
      result: {
        text: 'Attempts are written before the spawn.\n\n- `attempts` has a unique key of task and number\n- a late result is logged and dropped\n\n```rust\nif attempt.number != task.current_attempt() {\n    return Ok(Outcome::Late);\n}\n```\n\nAll 48 tests pass.',
        files: ['daemon/src/delegate/step.rs', 'daemon/src/store/attempts.rs', 'daemon/tests/it/delegate.rs'],
        diff_stat:
          ' daemon/src/delegate/step.rs   | 41 ++++++++++---\n daemon/src/store/attempts.rs  | 66 +++++++++++++++++\n daemon/tests/it/delegate.rs   | 58 ++++++++++++++++\n 3 files changed, 157 insertions(+), 8 deletions(-)',
        declared: {
          summary: 'Attempts are recorded and fenced; a test proves that a late result changes nothing.',
          files: ['daemon/src/delegate/step.rs', 'daemon/src/store/attempts.rs'],
          success: true,
        },
      },
    }),
    task({
      id: 12,
      title: 'Tests for spawn and kill',
      specialist: 'droid',
      kind: 'codex',
      agent_id: 'droid-001',
      status: 'running',
      attempts: [attempt('droid-001', 'running', 5 * MINUTE, null)],
      created_at: ago(5 * MINUTE),
      ended_at: null,
      elapsed_ms: 300_000,
    }),
    task({
      id: 13,
      title: 'Colours of the wall in the light theme',
      specialist: 'cursor',
      agent_id: 'cursor-009',
      status: 'failed',
      error: 'The CLI exited with code 1: no credential for the model. Run `claude` once and log in.',
      attempts: [attempt('cursor-009', 'failed', 6 * MINUTE, 4 * MINUTE, 'exit code 1')],
      created_at: ago(6 * MINUTE),
      ended_at: ago(4 * MINUTE),
      elapsed_ms: 120_000,
    }),
    task({
      id: 14,
      title: 'Tag and push release 0.2',
      specialist: 'aider',
      agent_id: 'aider-001',
      status: 'waiting',
      reason: 'the agent asks for permission',
      attempts: [attempt('aider-001', 'running', 3 * MINUTE, null)],
      created_at: ago(3 * MINUTE),
      ended_at: null,
      elapsed_ms: 180_000,
    }),
    task({
      id: 18,
      title: 'A real tmux server for the tests of kill',
      specialist: 'aider',
      agent_id: 'aider-004',
      status: 'running',
      parent_task_id: 12,
      requested_by: 'droid-001',
      attempts: [attempt('aider-004', 'running', 2 * MINUTE, null)],
      created_at: ago(3 * MINUTE),
      ended_at: null,
      elapsed_ms: 120_000,
    }),
    task({
      id: 19,
      title: 'List the ways an agent can end',
      specialist: 'cursor',
      agent_id: 'cursor-003',
      parent_task_id: 12,
      requested_by: 'droid-001',
      attempts: [attempt('cursor-003', 'completed', 3 * MINUTE, MINUTE)],
      created_at: ago(3 * MINUTE),
      ended_at: ago(MINUTE),
      elapsed_ms: 120_000,
    }),
    ...(scenario === 'calm'
      ? []
      : [
          task({
            id: 15,
            title: 'Split the session page into three components',
            specialist: 'cursor',
            ...planned,
            created_at: ago(50_000),
          }),
          task({
            id: 16,
            title: 'Add the route that lists transcripts',
            specialist: 'droid',
            ...planned,
            created_at: ago(50_000),
          }),
          task({
            id: 17,
            title: 'Run the whole suite and commit',
            specialist: 'aider',
            ...planned,
            created_at: ago(50_000),
          }),
        ]),
  ];
}

/** @returns {AgentKind[]} */
export function kinds(scenario) {
  const none = scenario === 'nocli';
  const kind = (kind, title, version, remedy, specialists = []) => ({
    kind,
    title,
    installed: !none && version !== null,
    path: none || version === null ? null : `/usr/local/bin/${kind}`,
    version: none ? null : version,
    ready: !none && version !== null,
    remedy: none || version === null ? remedy : null,
    proven: true,
    tested: version ? [version] : [],
    specialists,
  });
  return [
    kind(
      'claude',
      'Claude Code',
      '2.1.118',
      'Install it with `npm i -g @anthropic-ai/claude-code`, then run `claude` once and log in.',
      ['cursor', 'aider'],
    ),
    kind(
      'codex',
      'Codex',
      '0.98.0',
      'Install it with `npm i -g @openai/codex`, then run `codex` once and log in.',
      ['droid'],
    ),
    kind(
      'gemini',
      'Gemini CLI',
      null,
      'Install it with `npm i -g @google/gemini-cli`, then run `gemini` once and log in.',
    ),
    {
      kind: 'shell',
      title: 'Shell',
      installed: true,
      path: '/bin/bash',
      version: '5.2',
      ready: true,
      remedy: null,
      proven: true,
      tested: ['5.2'],
      specialists: [],
    },
  ];
}
