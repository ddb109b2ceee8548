/** Text for the terminal one holds, from the phone's own keyboard: written here, sent once, never key by key. */
import { CornerDownLeft } from 'lucide-react';
import { type FormEvent, type RefObject, useRef } from 'react';
import { AttachButton } from '@/components/drop-area';
import type { Drop } from '@/lib/use-drop';
import type { TerminalSession } from './terminal-session';

const ENTER = '\r';

interface TypeBoxProps {
  session: RefObject<TerminalSession | null>;
  to: string;
  text: string;
  onText(text: string): void;
  drop: Drop;
}

export function TypeBox({ session, to, text, onText, drop }: TypeBoxProps) {
  const box = useRef<HTMLInputElement>(null);
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (text) session.current?.paste(text);
    session.current?.type(ENTER);
    onText('');
    box.current?.focus();
  };
  return (
    <form onSubmit={send} className="bg-surface px-2 pt-1 pb-2">
      <div className="flex items-center gap-1 rounded-lg border border-accent bg-field pl-3">
        <span className="font-mono text-accent" aria-hidden="true">
          ❯
        </span>
        <input
          ref={box}
          type="text"
          data-type-box=""
          value={text}
          aria-label={`Type into ${to}`}
          placeholder={`Type into ${to}`}
          autoCapitalize="off"
          autoComplete="off"
          autoCorrect="off"
          spellCheck={false}
          enterKeyHint="send"
          onChange={({ target }) => onText(target.value)}
          className="h-11 min-w-0 flex-1 bg-transparent px-1 font-mono text-md outline-none placeholder:font-sans placeholder:text-ink-3"
        />
        <AttachButton drop={drop} className="grid size-11 place-items-center text-ink-3" />
        <button
          type="submit"
          aria-label={text ? 'Send with Enter' : 'Send Enter'}
          onPointerDown={(event) => event.preventDefault()}
          className="grid size-11 place-items-center text-ink-2"
        >
          <CornerDownLeft size={18} />
        </button>
      </div>
    </form>
  );
}
