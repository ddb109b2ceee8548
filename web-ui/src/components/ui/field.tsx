/** Form fields with their label, help and error in fixed places. */
import { clsx } from 'clsx';
import { type ComponentProps, type ReactNode, useId } from 'react';

const BOX =
  'w-full rounded-md border border-line-strong bg-field px-3 text-base text-ink placeholder:text-ink-3 focus-visible:outline-offset-0 touch:text-md';

interface FieldProps {
  label: string;
  help?: ReactNode;
  error?: string | null;
  children(ids: { id: string; 'aria-describedby': string | undefined }): ReactNode;
}

export function Field({ label, help, error, children }: FieldProps) {
  const id = useId();
  const note = error ?? help;
  return (
    <div>
      <label htmlFor={id} className="mb-1 block font-medium text-sm">
        {label}
      </label>
      {children({ id, 'aria-describedby': note ? `${id}-note` : undefined })}
      {note && (
        <p id={`${id}-note`} className={clsx('mt-1 text-xs', error ? 'text-failed' : 'text-ink-3')}>
          {note}
        </p>
      )}
    </div>
  );
}

export function Input({ className, ...rest }: ComponentProps<'input'>) {
  return <input className={clsx(BOX, 'h-9 touch:h-11', className)} {...rest} />;
}

export function TextArea({ className, ...rest }: ComponentProps<'textarea'>) {
  return <textarea className={clsx(BOX, 'resize-none py-2 leading-normal', className)} {...rest} />;
}

export function Select({ className, ...rest }: ComponentProps<'select'>) {
  return <select className={clsx(BOX, 'h-9 touch:h-11', className)} {...rest} />;
}
