/** What is open around the stage: tabs, inspector, dialogs. Selection itself lives in the address. */
import { create } from 'zustand';
import { load, save } from '@/lib/storage';

const MAX_TABS = 10;

interface LayoutState {
  /** Agents whose terminals were opened, in the order of opening. */
  tabs: readonly string[];
  inspector: boolean;
  dialog: 'spawn' | 'palette' | 'help' | null;
  openTab(agentId: string): void;
  closeTab(agentId: string): void;
  toggleInspector(): void;
  show(dialog: LayoutState['dialog']): void;
}

export const useLayout = create<LayoutState>((set, get) => ({
  tabs: load<string[]>('tabs', [], 'session'),
  inspector: load('inspector', true),
  dialog: null,
  openTab(agentId) {
    if (get().tabs.includes(agentId)) return;
    const tabs = [...get().tabs, agentId].slice(-MAX_TABS);
    save('tabs', tabs, 'session');
    set({ tabs });
  },
  closeTab(agentId) {
    const tabs = get().tabs.filter((tab) => tab !== agentId);
    save('tabs', tabs, 'session');
    set({ tabs });
  },
  toggleInspector() {
    save('inspector', !get().inspector);
    set({ inspector: !get().inspector });
  },
  show(dialog) {
    set({ dialog });
  },
}));
