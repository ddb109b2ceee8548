/** Messages on their way: shown at once, sent again with the same id after a reconnect, gone when a receipt tells of them. */
import { create } from 'zustand';
import { load, save } from '@/lib/storage';
import type { Message } from '@/protocol/types';

export interface Outgoing {
  client_id: string;
  session_id: string;
  text: string;
  created_at: string;
  /** Why it was refused; null while it is under way. */
  refusal: string | null;
}

interface OutboxState {
  items: readonly Outgoing[];
  add(item: Outgoing): void;
  remove(clientId: string): void;
  refuse(sessionId: string | null, reason: string): void;
  /** A receipt: the oldest waiting message with this text has arrived. */
  arrived(message: Message): void;
}

const KEY = 'outbox';

function keep(items: readonly Outgoing[]): { items: readonly Outgoing[] } {
  save(KEY, items.length ? items : null, 'session');
  return { items };
}

export const useOutbox = create<OutboxState>((set, get) => ({
  items: load<Outgoing[]>(KEY, [], 'session'),
  add(item) {
    set(keep([...get().items, item]));
  },
  remove(clientId) {
    set(keep(get().items.filter((item) => item.client_id !== clientId)));
  },
  refuse(sessionId, reason) {
    // The daemon answers in order, so a refusal is about the oldest that is still under way.
    const refused = get().items.find(
      (item) => item.refusal === null && (!sessionId || item.session_id === sessionId),
    );
    if (!refused) return;
    set(keep(get().items.map((item) => (item === refused ? { ...item, refusal: reason } : item))));
  },
  arrived(message) {
    if (message.author !== 'user') return;
    const found =
      get().items.find((item) => item.client_id === message.id) ??
      get().items.find((item) => sessionOf(message) === item.session_id && item.text === message.text);
    if (found) get().remove(found.client_id);
  },
}));

function sessionOf(message: Message): string {
  return `sess-${message.agent_id}`;
}
