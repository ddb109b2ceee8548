/** Ids and commands: mono, copied by a click. */
import { clsx } from 'clsx';
import { Check, Copy as CopyIcon } from 'lucide-react';
import { useEffect, useState } from 'react';

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

export function useCopied(): [copied: boolean, copy: (text: string) => void] {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1400);
    return () => clearTimeout(timer);
  }, [copied]);
  return [copied, (text) => void copyText(text).then(setCopied)];
}

export function CopyId({ text, className }: { text: string; className?: string }) {
  const [copied, copy] = useCopied();
  return (
    <button
      type="button"
      title="Copy"
      onClick={() => copy(text)}
      className={clsx(
        'inline-flex max-w-full items-center gap-1 rounded-sm font-mono text-xs hover:text-accent touch:min-h-11',
        className,
      )}
    >
      <span className="truncate">{text}</span>
      {copied && <Check size={12} aria-label="copied" className="text-done" />}
    </button>
  );
}

/** A command to type elsewhere. */
export function Command({ text }: { text: string }) {
  const [copied, copy] = useCopied();
  return (
    <span className="flex items-center gap-2 rounded-md border border-line bg-sunken py-1 pr-1 pl-3 text-left">
      <code className="min-w-0 flex-1 overflow-x-auto whitespace-nowrap font-mono text-ink text-sm">
        {text}
      </code>
      <button
        type="button"
        aria-label={copied ? 'Copied' : `Copy ${text}`}
        onClick={() => copy(text)}
        className="grid size-7 shrink-0 place-items-center rounded-sm text-ink-3 hover:bg-hover hover:text-ink touch:size-11"
      >
        {copied ? <Check size={14} className="text-done" /> : <CopyIcon size={14} />}
      </button>
    </span>
  );
}
