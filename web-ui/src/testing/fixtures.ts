/** Objects of the wire with everything filled in, for tests. */
import type { Agent, Message, Task, Transcript } from '@/protocol/types';

export const NOON = '2026-11-20T12:00:00Z';

type AgentGiven = Partial<Omit<Agent, 'activity'>> & { activity?: Partial<Agent['activity']> };

export function agent({ activity, ...given }: AgentGiven = {}): Agent {
  const id = given.id ?? 'droid-001';
  return {
    id,
    session_id: `sess-${id}`,
    kind: 'claude',
    specialist: null,
    name: id,
    title: '',
    role: 'specialist',
    owner: 'u1',
    owner_name: 'Owner',
    parent: null,
    cwd: '/home/me',
    status: 'running',
    reason: null,
    pid: 1,
    restarts: 0,
    size: { cols: 120, rows: 40 },
    task_id: null,
    created_at: NOON,
    started_at: NOON,
    ended_at: null,
    exit_code: null,
    signal: null,
    usage: { input_tokens: 0, output_tokens: 0, cost_usd: null },
    ...given,
    activity: { state: 'idle', waiting_for: null, since: NOON, source: 'hook', confidence: 1, ...activity },
  };
}

export function message(given: Partial<Message> = {}): Message {
  return {
    id: 'm1',
    agent_id: 'primary',
    author: 'user',
    sender: 'Owner',
    text: 'hello',
    status: 'queued',
    reason: null,
    evidence: null,
    reply_to: null,
    actions: [],
    created_at: NOON,
    updated_at: NOON,
    ...given,
  };
}

export function task(given: Partial<Task> = {}): Task {
  return {
    id: 1,
    title: 'Do it',
    prompt: 'Do it well',
    status: 'running',
    reason: null,
    agent_id: null,
    kind: 'claude',
    specialist: null,
    parent_task_id: null,
    requested_by: 'primary',
    owner: 'u1',
    attempts: [],
    result: null,
    error: null,
    elapsed_ms: 0,
    created_at: NOON,
    ended_at: null,
    ...given,
  };
}

export function transcript(given: Partial<Transcript> = {}): Transcript {
  return {
    id: 's1',
    kind: 'claude',
    session: '00000001-0000-4000-8000-000000000001',
    parent: null,
    call_id: null,
    title: 'Do it',
    cwd: '/home/me/app',
    project: 'app',
    branch: 'main',
    model: 'claude-sonnet-4-5',
    version: null,
    first_message: 'Do it',
    last_message: 'Done',
    messages: 2,
    tool_calls: 0,
    errors: 0,
    usage: { input_tokens: 1, output_tokens: 1, cache_write_tokens: 0, cache_read_tokens: 0 },
    cost_usd: 0,
    started_at: NOON,
    updated_at: NOON,
    duration_ms: 0,
    bytes: 100,
    read_bytes: 100,
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
