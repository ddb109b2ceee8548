/** How a terminal is looked at: search, size of letters, colours, screen reader, copy, and who stands beside. */
import {
  AArrowDown,
  AArrowUp,
  Check,
  Copy,
  Search,
  SlidersHorizontal,
  SquareSplitHorizontal,
} from 'lucide-react';
import type { ReactNode, RefObject } from 'react';
import { copyText } from '@/components/copy';
import { IconButton } from '@/components/ui/button';
import { Menu, MenuItem, MenuLabel, MenuLine } from '@/components/ui/menu';
import { type ScreenName, useScreen } from '@/lib/terminal-theme';
import { toast } from '@/lib/toast';
import { screenRows } from './emulator';
import { usePrefs } from './prefs';
import type { TerminalSession } from './terminal-session';

const COLOURS: { name: ScreenName; word: string }[] = [
  { name: 'night', word: 'Night' },
  { name: 'contrast', word: 'Strong contrast' },
  { name: 'paper', word: 'Paper' },
];

interface ViewMenuProps {
  session: RefObject<TerminalSession | null>;
  onFind(): void;
  /** Agents that could be shown beside this one. */
  others: readonly string[];
  onBeside?: ((agentId: string) => void) | undefined;
}

export function ViewMenu({ session, onFind, others, onBeside }: ViewMenuProps) {
  const { fontSize, screenReader, enlarge, toggleScreenReader } = usePrefs();
  const colours = useScreen();
  const copy = async () => {
    const terminal = session.current?.terminal;
    if (!terminal) return;
    const done = await copyText(terminal.getSelection() || screenRows(terminal).join('\n').trimEnd());
    toast(done ? 'The screen was copied as text.' : 'The browser did not let the page copy.');
  };
  return (
    <Menu
      trigger={
        <IconButton label="View">
          <SlidersHorizontal size={15} />
        </IconButton>
      }
    >
      <MenuItem icon={<Search size={14} />} keys="ctrl+⇧F" onSelect={onFind}>
        Find in this terminal
      </MenuItem>
      <MenuItem icon={<Copy size={14} />} onSelect={() => void copy()}>
        Copy the screen as text
      </MenuItem>
      <MenuLine />
      <MenuItem stays icon={<AArrowUp size={15} />} onSelect={() => enlarge(1)}>
        Larger letters <span className="nums ml-auto pl-4 text-ink-3 text-xs">{fontSize} px</span>
      </MenuItem>
      <MenuItem stays icon={<AArrowDown size={15} />} onSelect={() => enlarge(-1)}>
        Smaller letters
      </MenuItem>
      <MenuItem icon={<Tick on={screenReader} />} onSelect={toggleScreenReader}>
        Read out by a screen reader
      </MenuItem>
      <MenuLine />
      <MenuLabel>colours</MenuLabel>
      {COLOURS.map(({ name, word }) => (
        <MenuItem key={name} icon={<Tick on={colours.name === name} />} onSelect={() => colours.choose(name)}>
          {word}
        </MenuItem>
      ))}
      {onBeside && others.length > 0 && (
        <>
          <MenuLine />
          <MenuLabel>show beside</MenuLabel>
          {others.map((id) => (
            <MenuItem key={id} icon={<SquareSplitHorizontal size={14} />} onSelect={() => onBeside(id)}>
              <span className="font-mono text-xs">{id}</span>
            </MenuItem>
          ))}
        </>
      )}
    </Menu>
  );
}

function Tick({ on }: { on: boolean }): ReactNode {
  return on ? <Check size={14} aria-label="chosen" /> : null;
}
