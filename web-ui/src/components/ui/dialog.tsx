/** Dialogs: centred at the desk, a sheet from below on the phone. */
import { clsx } from 'clsx';
import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import type { ReactNode } from 'react';

interface DialogProps {
  open: boolean;
  onClose(): void;
  title: string;
  /** What the dialog is about, one sentence. */
  lead?: ReactNode;
  wide?: boolean;
  /** Long, and nothing in it takes the focus: then it scrolls by keyboard itself. */
  reading?: boolean;
  children: ReactNode;
}

export function Dialog({ open, onClose, title, lead, wide, reading, children }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 animate-appear bg-scrim" />
        <Radix.Content
          onOpenAutoFocus={focusMarked}
          {...(lead ? {} : { 'aria-describedby': undefined })}
          className={clsx(
            'fixed z-40 flex max-h-[88dvh] animate-rise flex-col border border-line-strong bg-raised shadow-2 outline-none',
            'phone:inset-x-0 phone:bottom-0 phone:rounded-t-lg phone:pb-safe',
            'min-[700px]:top-[12dvh] min-[700px]:left-1/2 min-[700px]:-translate-x-1/2 min-[700px]:rounded-lg',
            wide ? 'min-[700px]:w-[640px]' : 'min-[700px]:w-[460px]',
          )}
        >
          <header className="flex items-start gap-3 px-5 pt-4 pb-3">
            <div className="min-w-0 flex-1">
              <Radix.Title className="font-semibold text-md">{title}</Radix.Title>
              {lead && <Radix.Description className="mt-0.5 text-ink-2 text-sm">{lead}</Radix.Description>}
            </div>
            <Radix.Close
              aria-label="Close"
              className="-mr-2 grid size-8 place-items-center rounded-md text-ink-3 hover:bg-hover hover:text-ink touch:size-11"
            >
              <X size={16} />
            </Radix.Close>
          </header>
          <div className="scroll-y min-h-0 px-5 pb-5" {...(reading ? { tabIndex: 0 } : {})}>
            {children}
          </div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** The element marked with `data-autofocus` gets the focus, instead of the first one that could. */
function focusMarked(event: Event): void {
  const marked = (event.currentTarget as HTMLElement | null)?.querySelector<HTMLElement>('[data-autofocus]');
  if (!marked) return;
  event.preventDefault();
  marked.focus();
}
