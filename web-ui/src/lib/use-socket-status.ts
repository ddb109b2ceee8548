/** The connection as React sees it. */
import { useCallback, useSyncExternalStore } from 'react';
import { useClient } from './client';
import type { SocketStatus } from './orchestra-socket';

export function useSocketStatus(): SocketStatus {
  const { socket } = useClient();
  const subscribe = useCallback((listener: () => void) => socket.status.on(listener), [socket]);
  return useSyncExternalStore(subscribe, () => socket.current);
}
