import { describe, expect, it, vi } from 'vitest';
import type { ClientMessage, ServerMessage } from '@/protocol/types';
import { Emitter } from './emitter';
import type { Frame } from './frame';
import type { Opened, OrchestraSocket, SocketStatus } from './orchestra-socket';
import { TerminalHub, type TerminalViewer } from './terminal-hub';

function stage() {
  const sent: ClientMessage[] = [];
  const socket = {
    message: new Emitter<ServerMessage>(),
    frame: new Emitter<Frame>(),
    opened: new Emitter<Opened>(),
    status: new Emitter<SocketStatus>(),
    send: (message: ClientMessage) => sent.push(message) > 0,
  };
  const hub = new TerminalHub(socket as unknown as OrchestraSocket);
  const subscribed = (channel: number, mode: 'sampled' | 'live'): ServerMessage => ({
    type: 'subscribed',
    session_id: 'sess-a',
    channel,
    mode,
    encoding: mode === 'live' ? 'binary' : 'json',
    epoch: 'e',
    seq: 0,
    cols: 80,
    rows: 24,
    title: '',
    mine: false,
  });
  return { sent, socket, hub, subscribed };
}

const sample: ServerMessage = {
  type: 'terminal_output',
  session_id: 'sess-a',
  data: 'x',
  timestamp: 0,
  cols: 80,
  rows: 24,
};

describe('the hub', () => {
  it('subscribes once for many thumbnails and gives latecomers the last picture', () => {
    const { sent, socket, hub } = stage();
    const first = { mode: 'sampled', sample: vi.fn() } satisfies TerminalViewer;
    const second = { mode: 'sampled', sample: vi.fn() } satisfies TerminalViewer;
    const stopFirst = hub.attach('sess-a', first);
    socket.message.emit(sample);
    const stopSecond = hub.attach('sess-a', second);
    expect(sent).toEqual([{ type: 'subscribe_terminal', session_id: 'sess-a' }]);
    expect(second.sample).toHaveBeenCalledWith(sample);
    stopFirst();
    expect(sent).toHaveLength(1);
    stopSecond();
    expect(sent.at(-1)).toEqual({ type: 'unsubscribe_terminal', session_id: 'sess-a' });
  });

  it('tells samplers when a live picture takes their place, early and late', () => {
    const { socket, hub } = stage();
    const first = { mode: 'sampled', sample: vi.fn(), paused: vi.fn() } satisfies TerminalViewer;
    const late = { mode: 'sampled', sample: vi.fn(), paused: vi.fn() } satisfies TerminalViewer;
    hub.attach('sess-a', first);
    socket.message.emit(sample);
    expect(first.paused).not.toHaveBeenCalled();
    hub.attach('sess-a', { mode: 'live' });
    expect(first.paused).toHaveBeenCalledOnce();
    hub.attach('sess-a', late);
    expect(late.paused).toHaveBeenCalledOnce();
    expect(late.sample).not.toHaveBeenCalled();
  });

  it('goes live while somebody looks closely, and back', () => {
    const { sent, socket, hub, subscribed } = stage();
    hub.attach('sess-a', { mode: 'sampled' });
    socket.message.emit(subscribed(1, 'sampled'));
    const frame = vi.fn();
    const stop = hub.attach('sess-a', { mode: 'live', frame });
    expect(sent.at(-1)).toMatchObject({ mode: 'live', encoding: 'binary' });
    socket.message.emit(subscribed(2, 'live'));
    const bytes: Frame = { kind: 'output', channel: 2, seq: 0, payload: new Uint8Array() };
    socket.frame.emit({ ...bytes, channel: 9 });
    expect(frame).not.toHaveBeenCalled();
    socket.frame.emit(bytes);
    expect(frame).toHaveBeenCalledOnce();
    stop();
    expect(sent.at(-1)).toEqual({ type: 'subscribe_terminal', session_id: 'sess-a' });
  });

  it('subscribes anew on every connection, from where the live stream broke off', () => {
    const { sent, socket, hub, subscribed } = stage();
    const offline = vi.fn();
    hub.attach('sess-a', { mode: 'live', offline, position: () => ({ epoch: 'e', from: 77 }) });
    socket.message.emit(subscribed(1, 'live'));
    socket.status.emit({ phase: 'waiting', since: 0, heardAt: 0, rttMs: 0, retryAt: 0 });
    expect(offline).toHaveBeenCalledOnce();
    socket.opened.emit({} as Opened);
    expect(sent.at(-1)).toMatchObject({ type: 'subscribe_terminal', epoch: 'e', from: 77 });
  });
});
