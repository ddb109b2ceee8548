// What agents ask in the fake daemon, and how it takes the answers.
// @ts-check

/** @typedef {import('../../protocol/types').Approval} Approval */

import { ago, ME, MINUTE } from './clock.mjs';

/**
 * @param {Partial<Approval> & { id: string, agent_id: string }} given
 * @returns {Approval}
 */
export function approval(given) {
  return {
    session_id: `sess-${given.agent_id}`,
    agent_title: given.agent_id,
    agent_kind: 'claude',
    owner: ME.id,
    subagent: null,
    task_id: null,
    form: 'permission',
    tool: 'Bash',
    input: {},
    cut_bytes: 0,
    summary: '',
    cwd: '/home/me/orchestra',
    session_grant: [],
    suggested_rules: [],
    state: 'pending',
    reason: null,
    scope: null,
    rule: null,
    message: null,
    answered_by: null,
    created_at: ago(94_000),
    expires_at: ago(-22 * 60 * MINUTE),
    ended_at: null,
    delivered_at: null,
    ...given,
  };
}

/** @returns {Approval[]} */
export function approvals(scenario) {
  if (scenario !== 'busy' && scenario !== 'asking') return [];
  const all = [
    approval({
      id: '0a-1',
      agent_id: 'aider-001',
      agent_title: 'Release 0.2',
      task_id: 14,
      input: { command: 'git push origin v0.2.0', description: 'Publish the tag of the release' },
      summary: 'git push origin v0.2.0',
      session_grant: ['Bash(git push *)'],
      suggested_rules: ['Bash(git push origin v0.2.0)', 'Bash(git push *)'],
    }),
    approval({
      id: '0a-2',
      agent_id: 'droid-002',
      agent_title: 'Write the tests of the socket',
      tool: 'Edit',
      subagent: 'general-purpose',
      created_at: ago(52_000),
      input: {
        file_path: '/home/me/orchestra/daemon/src/http/ws/keeper.rs',
        old_string:
          'const BEAT: Duration = Duration::from_secs(30);\n\n/// Closes a socket that is silent.\npub fn keep(socket: &Socket) {\n    socket.close_after(BEAT);\n}\n',
        new_string:
          'const BEAT: Duration = Duration::from_secs(15);\nconst MISSED: u32 = 2;\n\n/// Closes a socket that missed two beats.\npub fn keep(socket: &Socket) {\n    socket.close_after(BEAT * MISSED);\n}\n',
      },
      summary: 'Edit /home/me/orchestra/daemon/src/http/ws/keeper.rs',
      session_grant: ['all edits in its folders'],
      suggested_rules: ['Edit(daemon/src/http/ws/keeper.rs)', 'Edit(daemon/src/http/ws/**)'],
    }),
    approval({
      id: '0a-3',
      agent_id: 'droid-001',
      agent_title: 'Tests for spawn',
      task_id: 12,
      form: 'question',
      tool: 'AskUserQuestion',
      created_at: ago(31_000),
      input: {
        questions: [
          {
            question: 'Which database should the tests of spawn use?',
            header: 'Database',
            multiSelect: false,
            options: [
              { label: 'A file in a temporary folder', description: 'As in production; a little slower.' },
              { label: 'In memory', description: 'Fast, but it cannot be killed and opened again.' },
            ],
          },
        ],
      },
      summary: 'Which database should the tests of spawn use?',
    }),
    approval({
      id: '09-3',
      agent_id: 'cursor-002',
      input: { command: 'npm test -w web-ui' },
      summary: 'npm test -w web-ui',
      state: 'allowed',
      scope: 'rule',
      rule: 'Bash(npm test *)',
      ended_at: ago(6 * MINUTE),
      delivered_at: ago(6 * MINUTE),
    }),
    approval({
      id: '09-2',
      agent_id: 'droid-002',
      input: { command: 'rm -rf target' },
      summary: 'rm -rf target',
      state: 'denied',
      answered_by: ME.name,
      message: 'Keep the build, it takes ten minutes',
      ended_at: ago(18 * MINUTE),
      delivered_at: ago(18 * MINUTE),
    }),
    approval({
      id: '09-1',
      agent_id: 'aider-001',
      input: { command: 'git fetch --tags' },
      summary: 'git fetch --tags',
      state: 'withdrawn',
      reason: 'it was answered in the terminal',
      ended_at: ago(31 * MINUTE),
    }),
  ];
  return scenario === 'asking' ? all : all.filter(({ id }) => id !== '0a-2');
}

export function rules(scenario) {
  if (scenario !== 'asking') return [];
  return [
    {
      id: '0b-1',
      owner: ME.id,
      cwd: '/home/me/orchestra',
      rule: 'Bash(npm test *)',
      made_by: ME.name,
      approval_id: '08-1',
      created_at: ago(3 * 60 * MINUTE),
    },
  ];
}

/** Takes an answer; a second one is late. */
export function answer(daemon, one, part, body) {
  if (one.state !== 'pending') return late(one);
  const no = part === 'deny' || body.decision === 'deny';
  Object.assign(one, {
    state: no ? 'denied' : 'allowed',
    scope: no ? null : (body.scope ?? 'once'),
    rule: body.rule ?? null,
    message: body.message ?? null,
    answered_by: ME.name,
    ended_at: new Date().toISOString(),
  });
  daemon.emit({ type: 'approval', approval: one });
  if (body.rule) {
    daemon.rules.unshift({
      id: `0b-${daemon.rules.length + 1}`,
      owner: ME.id,
      cwd: one.cwd,
      rule: body.rule,
      made_by: ME.name,
      approval_id: one.id,
      created_at: new Date().toISOString(),
    });
  }
  setTimeout(() => {
    one.delivered_at = new Date().toISOString();
    daemon.emit({ type: 'approval', approval: one });
  }, 150);
  const agent = daemon.agents.find((each) => each.id === one.agent_id);
  const open = daemon.approvals.some((each) => each.agent_id === one.agent_id && each.state === 'pending');
  if (agent && !open) {
    Object.assign(agent.activity, {
      state: 'busy',
      waiting_for: null,
      since: new Date().toISOString(),
    });
    daemon.changed(agent);
  }
  return { body: one };
}

function late(one) {
  return {
    status: 409,
    code: 'approval_ended',
    problem: 'It does not fit the present state',
    detail: `You are late: it was ${one.state} by ${one.answered_by}. Nothing was changed.`,
  };
}
