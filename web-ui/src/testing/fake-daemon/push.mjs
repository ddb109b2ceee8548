// Notifications: who is told, and what became of it; a test is "sent" a moment later.

const KEY = 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4';
const EVERYTHING = { approvals: true, questions: true, failures: true, results: true };
const ago = (ms) => new Date(Date.now() - ms).toISOString();

export function told(scenario) {
  if (scenario === 'empty') return [];
  return [
    one('p-1', 'Chrome on Linux', 'fcm.googleapis.com', { ...EVERYTHING, results: false }, true, 240_000),
    one('p-2', 'Safari on iOS', 'web.push.apple.com', EVERYTHING, false, 3_600_000),
  ];
}

function one(id, label, service, kinds, current, sent) {
  return { id, label, service, kinds, current, created_at: ago(86_400_000), last_sent_at: ago(sent) };
}

export function deliveries(scenario) {
  if (scenario === 'empty') return [];
  return [
    delivery('e', 'p-1', 'droid-002 asks for permission', 'approval', 'sent', 240_000),
    delivery('d', 'p-2', 'droid-002 asks for permission', 'approval', 'queued', 240_000, {
      reason: 'the push service answered with 503',
      attempts: 2,
      next_at: new Date(Date.now() + 50_000).toISOString(),
    }),
    delivery('c', 'p-2', 'primary proposes a plan', 'question', 'dropped', 900_000, {
      reason: 'it was answered meanwhile',
    }),
    delivery('b', 'p-2', 'Task 12 failed', 'failure', 'failed', 3_600_000, {
      reason:
        'the push service refused this daemon’s key (403); switch notifications off and on in that browser',
    }),
    delivery('a', 'p-1', 'Task 11 is done', 'result', 'sent', 4_000_000),
  ];
}

function delivery(id, browser, title, kind, state, since, more = {}) {
  return {
    id,
    subscription_id: browser,
    label: browser === 'p-1' ? 'Chrome on Linux' : 'Safari on iOS',
    kind,
    title,
    state,
    reason: null,
    attempts: 1,
    created_at: ago(since),
    next_at: null,
    ended_at: state === 'queued' ? null : ago(since - 1000),
    ...more,
  };
}

/** Null when the call is none of these. */
export function answer(daemon, at, body) {
  const [method, path] = at.split(' ');
  if (!path.startsWith('/api/push/')) return null;
  const page = (items) => ({ body: { items, next_cursor: null } });
  if (path === '/api/push/deliveries') return page(daemon.deliveries);
  if (path === '/api/push/test') {
    const made = delivery(
      `z${daemon.deliveries.length}`,
      'p-1',
      'Notifications arrive',
      'test',
      'queued',
      0,
      {
        attempts: 0,
      },
    );
    daemon.deliveries.unshift(made);
    setTimeout(() => Object.assign(made, { state: 'sent', attempts: 1 }), 300);
    return { status: 202, ...page([made]) };
  }
  if (method === 'GET') return { body: { items: daemon.told, public_key: KEY } };
  if (method === 'DELETE') {
    const id = path.split('/').at(-1);
    daemon.told = daemon.told.filter((each) => each.id !== id);
    return { status: 204 };
  }
  const known = daemon.told.find((each) => each.current);
  const made = known ?? one('p-1', body.label, new URL(body.endpoint).host, body.kinds, true, 0);
  made.kinds = body.kinds;
  if (!known) daemon.told.unshift({ ...made, last_sent_at: null });
  return { status: 201, body: made };
}
