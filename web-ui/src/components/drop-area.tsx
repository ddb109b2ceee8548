/** A place that takes files for an agent, and shows that it would. */
import { Paperclip, Upload } from 'lucide-react';
import { type ReactNode, useRef } from 'react';
import type { Drop } from '@/lib/use-drop';

export function DropArea({ drop, to, children }: { drop: Drop; to: string; children: ReactNode }) {
  return (
    <div className="relative flex min-h-0 min-w-0 flex-1 flex-col" {...drop.handlers}>
      {children}
      {drop.over && (
        <div className="pointer-events-none absolute inset-2 z-20 grid place-items-center rounded-lg border-2 border-accent border-dashed bg-surface/90">
          <p className="flex items-center gap-2 font-medium">
            <Upload size={18} /> Drop it into the folder of {to}
          </p>
        </div>
      )}
    </div>
  );
}

/** Picks files by hand, which is the only way on a phone. */
export function AttachButton({ drop, className }: { drop: Drop; className: string }) {
  const input = useRef<HTMLInputElement>(null);
  if (!drop.able) return null;
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="Files to send"
        onChange={({ target }) => {
          drop.take([...(target.files ?? [])]);
          target.value = '';
        }}
      />
      <button
        type="button"
        aria-label="Attach a file"
        className={className}
        onClick={() => input.current?.click()}
      >
        <Paperclip size={16} />
      </button>
    </>
  );
}

/** What is under way, in words. */
export function Sending({ drop }: { drop: Drop }) {
  const [first, ...more] = drop.sending;
  return (
    <p role="status" className={first ? 'px-4 pb-1 text-ink-3 text-xs' : 'sr-only'}>
      {first && `Sending ${first}${more.length > 0 ? ` and ${more.length} more` : ''}…`}
    </p>
  );
}
