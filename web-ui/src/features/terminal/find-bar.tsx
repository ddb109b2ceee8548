/** Finds words in a terminal, the newest first; Enter goes back in time. */
import { ChevronDown, ChevronUp, X } from 'lucide-react';
import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from 'react';
import { IconButton } from '@/components/ui/button';
import { Finder, type Found } from './finder';
import type { TerminalSession } from './terminal-session';

const NOTHING: Found = { at: 0, count: 0, searchingOlder: false };

interface FindBarProps {
  session: RefObject<TerminalSession | null>;
  history: RefObject<HTMLElement | null>;
  onClose(): void;
}

export function FindBar({ session, history, onClose }: FindBarProps) {
  const [word, setWord] = useState('');
  const [found, setFound] = useState(NOTHING);
  const finder = useRef<Finder | null>(null);
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const shown = session.current;
    if (!shown || !history.current) return;
    const deps = {
      terminal: shown.terminal,
      history: history.current,
      older: () => shown.older(),
      toScreen: () => shown.toBottom(),
    };
    const made = new Finder(deps, setFound);
    finder.current = made;
    box.current?.focus();
    return () => made.dispose();
  }, [session, history]);
  const key = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      onClose();
    }
    if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
    event.preventDefault();
    finder.current?.step(event.shiftKey ? -1 : 1);
  };
  return (
    <search className="absolute top-2 right-4 z-10 flex animate-rise items-center gap-1 rounded-md border border-line-strong bg-raised py-1 pr-1 pl-2 shadow-2 phone:left-2 phone:right-2">
      <input
        ref={box}
        type="text"
        value={word}
        aria-label="Find in this terminal"
        placeholder="Find"
        autoCapitalize="off"
        autoComplete="off"
        spellCheck={false}
        onChange={({ target }) => {
          setWord(target.value);
          finder.current?.find(target.value);
        }}
        onKeyDown={key}
        className="h-7 w-44 min-w-0 bg-transparent font-mono text-sm outline-none placeholder:text-ink-3 phone:flex-1 touch:h-11 touch:text-md"
      />
      <span className="nums min-w-16 text-right text-ink-3 text-xs" role="status">
        {word === ''
          ? ''
          : found.searchingOlder
            ? 'looking back…'
            : found.count > 0
              ? `${found.at || '–'} of ${found.count}`
              : 'not found'}
      </span>
      <IconButton label="Older" keys="⏎" onClick={() => finder.current?.step(1)}>
        <ChevronUp size={15} />
      </IconButton>
      <IconButton label="Newer" onClick={() => finder.current?.step(-1)}>
        <ChevronDown size={15} />
      </IconButton>
      <IconButton label="Close the search" onClick={onClose}>
        <X size={15} />
      </IconButton>
    </search>
  );
}
