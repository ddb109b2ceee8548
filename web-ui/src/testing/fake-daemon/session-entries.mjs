// What was said and done in one session of the fake daemon.
// @ts-check

/** @typedef {import('../../protocol/types').Entry} Entry */
/** @typedef {import('../../protocol/types').Part} Part */
/** @typedef {import('../../protocol/types').Transcript} Transcript */

import { ago, MINUTE } from './clock.mjs';

const STEP = 100;

/** @param {Transcript} session @returns {Entry[]} */
export function entriesOf(session) {
  const turns = session.id === 's6' ? 160 : 1;
  const talks = Array.from({ length: turns }, (_, turn) => talk(turn)).flat();
  // The primary is in the midst of it.
  const all = session.id === 's0' ? talks.slice(0, 9) : talks;
  return all.map((entry, at) => ({
    at: ago(
      (all.length - at) * (session.id === 's0' ? 4_000 : 9_000) + (session.id === 's0' ? 0 : 40 * MINUTE),
    ),
    model: entry.role === 'assistant' ? session.model : null,
    usage: null,
    cost_usd: null,
    ...entry,
    offset: at * STEP,
  }));
}

const EDIT = JSON.stringify({
  file_path: '/home/me/orchestra/web-ui/src/features/sessions/session-list.tsx',
  old_string:
    'export function SessionList({ items }) {\n  return (\n    <ul>\n      {items.map((item) => (\n        <Row key={item.id} item={item} />\n      ))}\n    </ul>\n  );\n}\n',
  new_string:
    'export function SessionList({ items }) {\n  const { start, end } = useVirtual(area, items.length, ROW);\n  return (\n    <ul style={{ height: items.length * ROW, paddingTop: start * ROW }}>\n      {items.slice(start, end).map((item) => (\n        <Row key={item.id} item={item} />\n      ))}\n    </ul>\n  );\n}\n',
});

const usage = (output_tokens) => ({
  input_tokens: 12,
  output_tokens,
  cache_write_tokens: 2_100,
  cache_read_tokens: 41_800,
});

/** @param {string} call_id @param {string} name @param {string} input @returns {Partial<Entry> & Pick<Entry, 'role' | 'parts'>} */
const call = (call_id, name, input) => ({
  role: 'assistant',
  parts: [{ type: 'tool_call', call_id, name, input }],
});

/** @param {string} call_id @param {string} text @param {boolean} is_error @returns {Partial<Entry> & Pick<Entry, 'role' | 'parts'>} */
const result = (call_id, text, is_error = false) => ({
  role: 'user',
  parts: [{ type: 'tool_result', call_id, text, is_error }],
});

/** @returns {(Partial<Entry> & Pick<Entry, 'role' | 'parts'>)[]} */
function talk(turn) {
  const id = (name) => (turn === 0 ? `call-${name}` : `call-${name}-${turn}`);
  const ask = turn === 0 ? 'The list of sessions stutters' : `Round ${turn}: the list of sessions stutters`;
  return [
    { role: 'user', parts: [{ type: 'text', text: `${ask} with **ten thousand** rows. Make it smooth.` }] },
    {
      role: 'system',
      parts: [{ type: 'text', text: '<system-reminder>\nThe todo list is empty.\n</system-reminder>' }],
    },
    {
      role: 'assistant',
      parts: [{ type: 'thinking', text: 'Every row is in the document.\nOnly those in sight need to be.' }],
      usage: usage(420),
      cost_usd: 0.021,
    },
    {
      role: 'assistant',
      parts: [
        { type: 'text', text: 'All rows are in the document at once. I look where else that happens.' },
      ],
    },
    call(
      id('grep'),
      'Grep',
      JSON.stringify({ pattern: 'items\\.map', path: '/home/me/orchestra/web-ui/src' }),
    ),
    result(id('grep'), 'features/sessions/session-list.tsx:14\nfeatures/tasks/task-list.tsx:38'),
    call(
      id('agent'),
      'Task',
      JSON.stringify({ description: 'Look for lists that are not virtual', prompt: '…' }),
    ),
    result(id('agent'), 'Only the list of sessions is not virtual.'),
    { ...call(id('edit'), 'Edit', EDIT), usage: usage(610), cost_usd: 0.024 },
    result(id('edit'), 'The file was updated.'),
    call(
      id('test'),
      'Bash',
      JSON.stringify({ command: 'npm test -- sessions', description: 'Run the tests' }),
    ),
    result(id('test'), 'FAIL src/features/sessions/sessions.test.ts\n  expected 22 rows, got 10000', true),
    {
      role: 'assistant',
      parts: [
        {
          type: 'text',
          text: 'The test still mounts the old list. With the new one it passes:\n\n```\n✓ makes only the rows in sight (4 ms)\n```\n\n1. Rows in sight only, 12 to spare on both sides.\n2. Older pages are read before one reaches them.',
        },
      ],
      usage: usage(380),
      cost_usd: 0.018,
    },
    { role: 'system', parts: [{ type: 'error', text: 'API Error: 529 overloaded. Tried again after 2 s.' }] },
  ];
}
