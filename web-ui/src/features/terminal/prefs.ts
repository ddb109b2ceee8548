/** How a person likes terminals: the size of letters, and whether a screen reader reads along. Kept in the browser. */
import { create } from 'zustand';
import { load, save } from '@/lib/storage';
import { FONT_SIZE } from './layout';

const SIZES = { least: 9, most: 24 };

export interface Prefs {
  fontSize: number;
  screenReader: boolean;
}

interface PrefsState extends Prefs {
  /** Larger by so many pixels; 0 goes back to the normal size. */
  enlarge(by: number): void;
  toggleScreenReader(): void;
}

export const usePrefs = create<PrefsState>((set, get) => ({
  fontSize: load('font-size', FONT_SIZE),
  screenReader: load('screen-reader', false),
  enlarge(by) {
    const wanted = by === 0 ? FONT_SIZE : get().fontSize + by;
    const fontSize = Math.max(SIZES.least, Math.min(SIZES.most, wanted));
    save('font-size', fontSize);
    set({ fontSize });
  },
  toggleScreenReader() {
    save('screen-reader', !get().screenReader);
    set({ screenReader: !get().screenReader });
  },
}));
