/** Dark, light, or whatever the system says. `public/theme.js` applies the choice before the first paint. */
import { create } from 'zustand';

export type Theme = 'system' | 'dark' | 'light';

const KEY = 'orchestra.theme';

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'dark' || value === 'light' ? value : 'system';
  } catch {
    return 'system';
  }
}

interface ThemeState {
  theme: Theme;
  choose(theme: Theme): void;
}

export const useTheme = create<ThemeState>((set) => ({
  theme: stored(),
  choose(theme) {
    const root = document.documentElement;
    try {
      if (theme === 'system') localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // Storage may be blocked; the choice holds until the page closes.
    }
    if (theme === 'system') delete root.dataset.theme;
    else root.dataset.theme = theme;
    set({ theme });
  },
}));
