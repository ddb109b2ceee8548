/** On or off, at once: a line with its words and a switch. */
import { clsx } from 'clsx';
import { useId } from 'react';

interface SwitchProps {
  label: string;
  help?: string;
  on: boolean;
  disabled?: boolean;
  onChange(on: boolean): void;
}

export function Switch({ label, help, on, disabled, onChange }: SwitchProps) {
  const id = useId();
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on}
      aria-labelledby={`${id}-label`}
      aria-describedby={help ? `${id}-help` : undefined}
      disabled={disabled}
      onClick={() => onChange(!on)}
      className="flex min-h-11 w-full items-center gap-4 px-4 py-2 text-left hover:bg-hover disabled:opacity-45"
    >
      <span className="min-w-0 flex-1">
        <span id={`${id}-label`} className="block text-sm">
          {label}
        </span>
        {help && (
          <span id={`${id}-help`} className="block text-ink-3 text-xs">
            {help}
          </span>
        )}
      </span>
      <span
        aria-hidden="true"
        className={clsx(
          'flex h-5 w-9 shrink-0 items-center rounded-full border p-0.5 transition-colors duration-(--fast)',
          on ? 'justify-end border-accent bg-accent' : 'justify-start border-line-strong bg-field',
        )}
      >
        <span className={clsx('size-3.5 rounded-full', on ? 'bg-on-solid' : 'bg-ink-3')} />
      </span>
    </button>
  );
}
