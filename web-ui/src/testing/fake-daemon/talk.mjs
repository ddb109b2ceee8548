// What was said to and by the agents of the fake daemon, for each scenario of the gallery.
// @ts-check

/** @typedef {import('../../protocol/types').Message} Message */

import { ago, ME, MINUTE } from './clock.mjs';

/**
 * @param {Partial<Message> & { id: string, text: string }} given
 * @returns {Message}
 */
export function message(given) {
  const at = given.created_at ?? new Date().toISOString();
  return {
    agent_id: 'primary',
    author: 'user',
    sender: ME.name,
    status: 'answered',
    reason: null,
    evidence: 'hook',
    reply_to: null,
    actions: [],
    created_at: at,
    updated_at: at,
    ...given,
  };
}

/** @returns {Message[]} */
export function messages(scenario) {
  if (scenario === 'empty' || scenario === 'nocli') return [];
  const answer = { author: /** @type {const} */ ('assistant'), sender: 'primary' };
  return [
    message({
      id: 'm1',
      text: 'Good morning. Where do we stand with delegation?',
      created_at: ago(40 * MINUTE),
    }),
    message({
      ...answer,
      id: 'm2',
      created_at: ago(39 * MINUTE),
      text: 'Two pieces are open:\n\n1. **Attempts** are not recorded, so a late result could overwrite a newer one.\n2. The caps on depth and count have no tests.\n\nI suggest that `droid` records the attempts first; the caps build on it.\n\n| piece | who | guess |\n| --- | --- | --- |\n| attempts | droid | 15 min |\n| caps | droid | 10 min |',
    }),
    message({
      id: 'm3',
      text: 'Do that, and have somebody write tests for spawn and kill meanwhile.',
      created_at: ago(25 * MINUTE),
    }),
    message({
      id: 'm4',
      author: 'system',
      sender: 'orchestra',
      created_at: ago(11 * MINUTE),
      text: 'Task 11 is done: Attempts are recorded and fenced; a test proves that a late result changes nothing.',
    }),
    message({
      ...answer,
      id: 'm5',
      created_at: ago(10 * MINUTE),
      text: 'The attempts are in. The fence is one comparison in `step`:\n\n```rust\nif attempt.number != task.current_attempt() {\n    return Ok(Outcome::Late);\n}\n```\n\nThe tests for spawn and kill are under way.',
    }),
    message({
      id: 'm6',
      text: 'Now plan the session page. Show me before anybody starts.',
      created_at: ago(2 * MINUTE),
    }),
    message({
      ...answer,
      id: 'm7',
      created_at: ago(49_000),
      text: 'Three steps; the first two can run side by side.',
      actions: scenario === 'calm' ? [] : [{ type: 'approve_plan', task_ids: [15, 16, 17] }],
    }),
    message({
      id: 'm8',
      text: 'And keep the old route for a week.',
      status: 'queued',
      reason: 'the agent is busy; it is delivered when the turn ends',
      evidence: null,
      created_at: ago(20_000),
    }),
  ];
}
