/** What the person has looked at, so that only news asks for them. Kept across reloads. */
import { create } from 'zustand';
import type { Attention } from './need';
import { load, save } from './storage';

interface AttentionState extends Attention {
  /** The agent whose view is open and in front. */
  looking: string | null;
  look(agentId: string | null): void;
  saw(agentId: string, at: string | null): void;
  answered(agentId: string): void;
}

export const useAttention = create<AttentionState>((set, get) => ({
  seen: load('seen', {}),
  unread: load('unread', {}),
  looking: null,
  look(looking) {
    set({ looking });
  },
  saw(agentId, at) {
    const { [agentId]: was, ...unread } = get().unread;
    const known = at === null || get().seen[agentId] === at;
    if (!was && known) return;
    const seen = at === null ? get().seen : { ...get().seen, [agentId]: at };
    save('seen', seen);
    save('unread', unread);
    set({ seen, unread });
  },
  answered(agentId) {
    if (get().looking === agentId && document.visibilityState === 'visible') return;
    if (get().unread[agentId]) return;
    const unread: Record<string, true> = { ...get().unread, [agentId]: true };
    save('unread', unread);
    set({ unread });
  },
}));
