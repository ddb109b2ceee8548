import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from './http';
import { type Opened, OrchestraSocket } from './orchestra-socket';

/** A WebSocket whose other end is the test. */
class FakeSocket {
  static made: FakeSocket[] = [];
  binaryType = 'blob';
  readyState = 1;
  sent: Record<string, unknown>[] = [];
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {
    FakeSocket.made.push(this);
  }
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.readyState = 3;
  }
  says(message: Record<string, unknown>) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  hello(event: number) {
    this.says({ type: 'hello', version: '1', rights: 'full', event, primary_session_id: 'sess-primary' });
  }
  ends(code: number) {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

const last = () => FakeSocket.made.at(-1) as FakeSocket;
const sentTypes = () => last().sent.map((message) => message.type);

function make(overrides: Partial<ConstructorParameters<typeof OrchestraSocket>[0]> = {}) {
  let tickets = 0;
  const socket = new OrchestraSocket({
    url: 'ws://daemon/ws',
    ticket: async () => `t${++tickets}`,
    relogin: async () => true,
    WebSocket: FakeSocket as unknown as typeof WebSocket,
    random: () => 0,
    ...overrides,
  });
  const opened: Opened[] = [];
  socket.opened.on((each) => opened.push(each));
  return { socket, opened };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.made = [];
});
afterEach(() => vi.useRealTimers());

describe('the socket', () => {
  it('opens with a fresh ticket as a subprotocol and asks to read everything anew', async () => {
    const { socket, opened } = make();
    socket.start();
    await settle();
    expect(last().protocols).toEqual(['orchestra.v1', 'orchestra.ticket.t1']);
    expect(socket.send({ type: 'ping' })).toBe(false);
    last().hello(7);
    expect(opened).toMatchObject([{ refetch: true, reconnected: false }]);
    expect(socket.lastEvent).toBe(7);
    expect(sentTypes()).not.toContain('resume');
    socket.dispose();
  });

  it('resumes after the newest event it has seen', async () => {
    const { socket, opened } = make();
    socket.start();
    await settle();
    last().hello(7);
    last().says({ type: 'agent_update', agent: {}, event: 9 });
    last().ends(1006);
    expect(socket.current.phase).toBe('waiting');
    await vi.advanceTimersByTimeAsync(1000);
    expect(last().protocols[1]).toBe('orchestra.ticket.t2');
    last().hello(12);
    expect(last().sent[0]).toEqual({ type: 'resume', after: 9 });
    expect(opened[1]).toMatchObject({ refetch: false, reconnected: true });
    last().says({ type: 'resync', event: 12, reason: 'too old' });
    expect(socket.lastEvent).toBe(12);
    socket.dispose();
  });

  it('reads everything anew when the feed began again', async () => {
    const { socket, opened } = make();
    socket.start();
    await settle();
    last().hello(50);
    last().ends(1006);
    await vi.advanceTimersByTimeAsync(1000);
    last().hello(3);
    expect(opened[1]).toMatchObject({ refetch: true, reconnected: true });
    expect(sentTypes()).not.toContain('resume');
    expect(socket.lastEvent).toBe(3);
    socket.dispose();
  });

  it('comes back at once after a restart, and ever more slowly after failures', async () => {
    const { socket } = make();
    socket.start();
    await settle();
    last().hello(1);
    last().ends(1012);
    await vi.advanceTimersByTimeAsync(60);
    expect(FakeSocket.made).toHaveLength(2);
    const waits: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      last().ends(1006);
      waits.push((socket.current.retryAt ?? 0) - Date.now());
      await vi.advanceTimersByTimeAsync(waits.at(-1) ?? 0);
    }
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    expect(waits[3]).toBeGreaterThan((waits[0] ?? 0) * 4);
    socket.dispose();
  });

  it('logs in again after 4401, and stops when that is not possible', async () => {
    const relogin = vi.fn(async () => true);
    const { socket } = make({ relogin });
    socket.start();
    await settle();
    last().hello(1);
    last().ends(4401);
    await vi.advanceTimersByTimeAsync(1000);
    expect(relogin).toHaveBeenCalledOnce();
    expect(FakeSocket.made).toHaveLength(2);
    relogin.mockResolvedValue(false);
    last().ends(4401);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(socket.current.phase).toBe('logged_out');
    expect(FakeSocket.made).toHaveLength(2);
    socket.dispose();
  });

  it('tries again when no ticket can be had, and logs in again when it was refused', async () => {
    const problem = (status: number) => new ApiError({ type: 'x', title: '', status, detail: '' });
    const ticket = vi.fn<() => Promise<string>>().mockRejectedValueOnce(problem(0));
    ticket.mockRejectedValueOnce(problem(401)).mockResolvedValue('good');
    const relogin = vi.fn(async () => true);
    const { socket } = make({ ticket, relogin });
    socket.start();
    await vi.advanceTimersByTimeAsync(5000);
    expect(relogin).toHaveBeenCalledOnce();
    expect(last().protocols[1]).toBe('orchestra.ticket.good');
    socket.dispose();
  });

  it('renews before its token ends, on the same connection', async () => {
    const { socket } = make();
    socket.start();
    await settle();
    last().hello(1);
    last().says({ type: 'auth_expiring', expires_at: 0 });
    await settle();
    expect(last().sent.at(-1)).toEqual({ type: 'renew', ticket: 't2' });
    expect(FakeSocket.made).toHaveLength(1);
    socket.dispose();
  });

  it('notices a connection that has died in silence', async () => {
    const { socket } = make();
    socket.start();
    await settle();
    last().hello(1);
    last().says({ type: 'pong' });
    expect(socket.current.rttMs).toBe(0);
    await vi.advanceTimersByTimeAsync(12_000);
    expect(sentTypes().at(-1)).toBe('ping');
    await vi.advanceTimersByTimeAsync(8_000);
    expect(socket.current.phase).toBe('waiting');
    socket.dispose();
  });

  it('after sleep proves the connection within seconds', async () => {
    const { socket } = make();
    socket.start();
    await settle();
    last().hello(1);
    last().says({ type: 'pong' });
    socket.wake();
    await vi.advanceTimersByTimeAsync(2_600);
    expect(socket.current.phase).not.toBe('live');
    socket.dispose();
  });

  it('does nothing more once disposed', async () => {
    const { socket } = make();
    socket.start();
    await settle();
    last().hello(1);
    const before = last();
    socket.dispose();
    before.ends(1006);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.made).toHaveLength(1);
    expect(socket.current.phase).toBe('closed');
  });
});
