// Worktrees of the fake daemon: one that is whole, one that conflicts, one that is merged, one whose folder is gone.
import { ago, ME } from './clock.mjs';

const HOUR = 3_600_000;

export function worktrees(scenario) {
  if (scenario === 'empty' || scenario === 'nocli') return [];
  return [
    tree('w1', 'login-form', 'droid-001', {
      ahead: 3,
      behind: 1,
      uncommitted_count: 2,
      files: 3,
      insertions: 41,
      deletions: 7,
    }),
    tree('w2', 'seat-hand-over', 'aider-001', {
      ahead: 1,
      files: 1,
      insertions: 12,
      deletions: 3,
      conflicts: [{ worktree_id: 'w1', name: 'login-form', files: ['src/session.rs'] }],
    }),
    tree('w3', 'typos', 'codex-001', { merged: true }),
    {
      ...tree('w4', 'old-idea', null, {}),
      state: 'missing',
      reason: 'somebody removed the folder',
      status: null,
    },
  ];
}

function tree(id, name, agent, given) {
  const status = {
    head: '4be1c0ffee',
    head_branch: `orchestra/${name}`,
    ahead: 0,
    behind: 0,
    merged: false,
    uncommitted: [],
    uncommitted_count: 0,
    files: 0,
    insertions: 0,
    deletions: 0,
    conflicts: [],
    problems: [],
    checked_at: ago(2_000),
    ...given,
  };
  return {
    id,
    name,
    repo: '/home/me/orchestra',
    path: `/home/me/orchestra/.worktrees/task-${name}`,
    branch: `orchestra/${name}`,
    base: 'main',
    base_commit: 'aa11bb22',
    owner: ME.id,
    owner_name: ME.name,
    agent_id: agent,
    state: 'ready',
    reason: null,
    port: 42_000,
    ports: 10,
    setup: null,
    created_at: ago(Number(id.slice(1)) * HOUR),
    status,
  };
}

/** Long enough that not every row can be in the page. */
function long() {
  const lines = Array.from(
    { length: 4000 },
    (_, at) => `${at % 3 === 0 ? '+' : ' '}row ${at + 1} of a long list`,
  );
  return { old_start: 1, old_lines: 2666, new_start: 1, new_lines: 4000, heading: '', lines };
}

function file(path, change, hunks, given = {}) {
  const count = (mark) => hunks.flatMap(({ lines }) => lines).filter((line) => line.startsWith(mark)).length;
  return {
    path,
    old_path: null,
    change,
    insertions: count('+'),
    deletions: count('-'),
    binary: false,
    executes: false,
    hunks,
    truncated: false,
    ...given,
  };
}

function diff(id) {
  const session = {
    old_start: 12,
    old_lines: 5,
    new_start: 12,
    new_lines: 7,
    heading: 'impl Session',
    lines: [
      '     pub fn open(&self) -> Result<Seat, Taken> {',
      '-        let seat = self.seat.lock();',
      '+        // Whoever comes second is told who sits there.',
      '+        let seat = self.seat.try_lock().ok_or(Taken)?;',
      '+        seat.note(Instant::now());',
      '         Ok(seat)',
      '     }',
    ],
  };
  const flow = {
    old_start: 0,
    old_lines: 0,
    new_start: 1,
    new_lines: 2,
    heading: '',
    lines: ['+on: push', '+jobs: {}'],
  };
  const items = [
    file('src/session.rs', 'modified', [session]),
    file('.github/workflows/ci.yml', 'added', [flow], { executes: true }),
    file('assets/logo.png', 'added', [], { binary: true, insertions: null, deletions: null }),
    file('src/rows.txt', 'modified', [long()]),
  ];
  const shown = id === 'w3' ? [] : items;
  return {
    worktree_id: id,
    scope: 'all',
    from: 'aa11bb22',
    to: 'cc',
    files: shown.length,
    insertions: 41,
    deletions: 7,
    items: shown,
    next_cursor: null,
    left_out: [],
  };
}

const NOTHING = {
  confirm: null,
  uncommitted: [],
  commits: [],
  ignored: [],
  conflicts: [],
  executes: [],
  total: 2,
};

export function answer(daemon, at, search, body) {
  const [method, path] = at.split(' ');
  const [, , , id, part] = path.split('/');
  if (!id) return { body: { items: daemon.worktrees, next_cursor: null } };
  const found = daemon.worktrees.find((each) => each.id === id);
  if (!found) return null;
  const refuse = (code, detail, lists) => ({
    status: 409,
    problem: 'It does not fit the present state',
    detail,
    code,
    more: { worktree: { ...NOTHING, ...lists } },
  });
  if (part === 'diff') return { body: diff(id) };
  if (part === 'commit') {
    Object.assign(found.status, { uncommitted_count: 0, ahead: found.status.ahead + 1 });
    return { body: { commit: 'dd', files: 2, left_out: [], worktree: found } };
  }
  if (part === 'merge') {
    if (found.status.conflicts.length > 0) {
      return refuse('merge_conflicts', 'The merge conflicts; settle it in the worktree, then merge again.', {
        conflicts: ['src/session.rs'],
      });
    }
    if (!body.confirm) {
      return refuse(
        'merge_executes',
        'The merge brings files that tools run by themselves; look at them first.',
        {
          confirm: 'yes-1',
          executes: ['.github/workflows/ci.yml'],
        },
      );
    }
    Object.assign(found.status, { merged: true, ahead: 0 });
    return { body: { commit: 'ee', fast_forward: true, worktree: found } };
  }
  if (method === 'DELETE') {
    if (found.status && !found.status.merged && !search.get('confirm')) {
      return refuse(
        'worktree_loses_work',
        'Removing it would lose work that the base branch does not have.',
        {
          confirm: 'yes-2',
          uncommitted: [{ path: 'src/session.rs', change: 'modified' }],
          commits: [{ id: '4be1c0ffee12', subject: 'Say who holds the seat' }],
        },
      );
    }
    daemon.worktrees = daemon.worktrees.filter((each) => each !== found);
    return { body: { id, name: found.name, kept_branch: null } };
  }
  return { body: found };
}
