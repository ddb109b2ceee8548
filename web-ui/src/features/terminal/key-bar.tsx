/** Keys a phone has not, for the terminal one holds. */
import { ArrowDown, ArrowLeft, ArrowRight, ArrowUp, CornerDownLeft, Ellipsis } from 'lucide-react';
import { type ReactNode, type RefObject, useState } from 'react';
import type { TerminalSession, TerminalState } from './terminal-session';

interface Key {
  name: string;
  data: string;
  face: ReactNode;
}

const MAIN: Key[] = [
  { name: 'Escape', data: '\x1b', face: 'esc' },
  { name: 'Tab', data: '\t', face: 'tab' },
  { name: 'Up', data: '\x1b[A', face: <ArrowUp size={16} /> },
  { name: 'Down', data: '\x1b[B', face: <ArrowDown size={16} /> },
  { name: 'Control C', data: '\x03', face: '⌃C' },
  { name: 'Enter', data: '\r', face: <CornerDownLeft size={16} /> },
];

const MORE: Key[] = [
  ...['1', '2', '3', 'y', 'n'].map((data) => ({ name: data, data, face: data })),
  { name: 'Left', data: '\x1b[D', face: <ArrowLeft size={16} /> },
  { name: 'Right', data: '\x1b[C', face: <ArrowRight size={16} /> },
  { name: 'Shift Tab', data: '\x1b[Z', face: '⇧tab' },
];

export function KeyBar({
  state,
  session,
}: {
  state: TerminalState;
  session: RefObject<TerminalSession | null>;
}) {
  const [more, setMore] = useState(false);
  if (!state.mine) return null;
  const press = (key: Key) => (
    <button
      key={key.name}
      type="button"
      aria-label={key.name}
      // The text box below keeps the focus, so the phone's keyboard stays as it is.
      onPointerDown={(event) => event.preventDefault()}
      onClick={() => session.current?.type(key.data)}
      className="grid h-11 min-w-11 flex-1 place-items-center rounded-md bg-raised font-mono text-ink text-sm active:bg-hover"
    >
      {key.face}
    </button>
  );
  return (
    <div role="toolbar" aria-label="Keys" className="space-y-1 border-line border-t bg-surface p-1">
      {more && <div className="flex gap-1">{MORE.map(press)}</div>}
      <div className="flex gap-1">
        {MAIN.map(press)}
        <button
          type="button"
          aria-label="More keys"
          aria-expanded={more}
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => setMore(!more)}
          className="grid h-11 min-w-11 place-items-center rounded-md text-ink-3 active:bg-hover"
        >
          <Ellipsis size={18} />
        </button>
      </div>
    </div>
  );
}
