/** Where one writes to an agent. Enter sends at the desk; on touch only the button does. */
import { ArrowUp } from 'lucide-react';
import { type KeyboardEvent, useEffect, useRef } from 'react';
import { AttachButton, Sending } from '@/components/drop-area';
import { useMe } from '@/lib/client';
import type { Drop } from '@/lib/use-drop';
import { useTouch } from '@/lib/use-media';
import { useSocketStatus } from '@/lib/use-socket-status';
import { useSend } from './api';
import { useDraft } from './drafts';

interface ComposerProps {
  sessionId: string;
  /** Whom it goes to, as the placeholder says it. */
  to: string;
  /** Why nothing can be sent, or null. */
  closed?: string | null;
  /** Where files for it go. */
  drop?: Drop;
}

const MAX_HEIGHT = 220;

/** Whether somebody with these permissions may write to agents at all. */
export function mayWrite(permissions: readonly string[]): boolean {
  return permissions.includes('terminal:type') || permissions.includes('tasks:delegate');
}

export function Composer({ sessionId, to, closed = null, drop }: ComposerProps) {
  const [draft, setDraft] = useDraft(sessionId);
  const send = useSend(sessionId);
  const touch = useTouch();
  const may = mayWrite(useMe().permissions);
  const { phase } = useSocketStatus();
  const box = useRef<HTMLTextAreaElement>(null);
  const blocked = closed ?? (may ? null : 'You may look here, not write.');

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    element.style.height = 'auto';
    if (draft) element.style.height = `${Math.min(element.scrollHeight, MAX_HEIGHT)}px`;
  }, [draft]);

  const submit = () => {
    if (!draft.trim() || blocked) return;
    send(draft);
    setDraft('');
    box.current?.focus();
  };

  const key = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing && !touch) {
      event.preventDefault();
      submit();
    }
    if (event.key === 'Escape') box.current?.blur();
  };

  if (blocked) {
    return <p className="border-line border-t bg-surface px-4 py-3 text-ink-3 text-sm pb-safe">{blocked}</p>;
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      className="border-line border-t bg-surface px-3 py-2.5 min-[700px]:px-4 min-[700px]:py-3"
    >
      {drop && <Sending drop={drop} />}
      <div className="mx-auto flex max-w-3xl items-end gap-2 rounded-lg border border-line-strong bg-raised py-1 pr-1 pl-3 focus-within:border-accent">
        <textarea
          ref={box}
          data-composer=""
          rows={1}
          value={draft}
          aria-label={`Message to ${to}`}
          placeholder={phase === 'live' ? `Message ${to}` : 'Sent when the connection is back'}
          enterKeyHint={touch ? 'enter' : 'send'}
          autoCorrect="off"
          spellCheck={!touch}
          onChange={(event) => setDraft(event.target.value)}
          onKeyDown={key}
          className="min-w-0 flex-1 resize-none bg-transparent py-1.5 text-base leading-normal outline-none placeholder:text-ink-3 touch:min-h-11 touch:py-2.5 touch:text-md"
        />
        {drop && (
          <AttachButton
            drop={drop}
            className="grid size-8 shrink-0 place-items-center rounded-md text-ink-3 hover:bg-hover hover:text-ink touch:size-11"
          />
        )}
        <button
          type="submit"
          aria-label="Send"
          disabled={!draft.trim()}
          className="grid size-8 shrink-0 place-items-center rounded-md bg-solid text-on-solid transition-opacity disabled:opacity-30 touch:size-11"
        >
          <ArrowUp size={16} />
        </button>
      </div>
    </form>
  );
}
