/** Talks over REST and the socket. */
import { infiniteQueryOptions } from '@tanstack/react-query';
import { useCallback, useEffect } from 'react';
import { useClient } from '@/lib/client';
import { type Api, ApiError, explain } from '@/lib/http';
import { keys } from '@/lib/keys';
import type { OrchestraSocket } from '@/lib/orchestra-socket';
import { uuid } from '@/lib/uuid';
import type { Message, MessageRequest, Page } from '@/protocol/types';
import { type Outgoing, useOutbox } from './outbox';

export function messagesQuery(api: Api, agentId: string) {
  return infiniteQueryOptions({
    queryKey: keys.messages(agentId),
    queryFn: async ({ pageParam, signal }): Promise<Page<Message>> => {
      const query = pageParam ? `?cursor=${encodeURIComponent(pageParam)}` : '';
      try {
        return await api.get<Page<Message>>(`/api/agents/${agentId}/messages${query}`, signal);
      } catch (error) {
        // The primary starts with the first message; until then there is a talk with nothing in it.
        if (error instanceof ApiError && error.status === 404) return { items: [], next_cursor: null };
        throw error;
      }
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

function transmit(socket: OrchestraSocket, item: Outgoing): boolean {
  return socket.send({
    type: 'user_message',
    content: item.text,
    session_id: item.session_id,
    client_id: item.client_id,
  });
}

/** Sends to an agent: shown at once, kept until a receipt comes. */
export function useSend(sessionId: string): (text: string) => void {
  const { socket } = useClient();
  return useCallback(
    (text: string) => {
      const item: Outgoing = {
        client_id: uuid(),
        session_id: sessionId,
        text,
        created_at: new Date().toISOString(),
        refusal: null,
      };
      useOutbox.getState().add(item);
      transmit(socket, item);
    },
    [socket, sessionId],
  );
}

/** Tries a refused message once more, over REST, whose answer names it. */
export function useSendAgain() {
  const { api } = useClient();
  return async (item: Outgoing) => {
    const body: MessageRequest = { text: item.text, client_id: item.client_id };
    try {
      const agentId = item.session_id.replace(/^sess-/, '');
      await api.post<Message>(`/api/agents/${agentId}/messages`, body, item.client_id);
      useOutbox.getState().remove(item.client_id);
    } catch (error) {
      useOutbox.getState().remove(item.client_id);
      useOutbox.getState().add({ ...item, refusal: explain(error) });
    }
  };
}

/** Resends what no receipt has told of yet, whenever the connection is back. Mounted once, by the shell. */
export function useResend(): void {
  const { socket } = useClient();
  useEffect(
    () =>
      socket.opened.on(() => {
        for (const item of useOutbox.getState().items) if (item.refusal === null) transmit(socket, item);
      }),
    [socket],
  );
}
