/** Buttons: a variant table over the tokens. */
import { clsx } from 'clsx';
import type { ComponentProps, ReactNode } from 'react';
import { Tip } from './tip';

const VARIANTS = {
  solid: 'bg-solid text-on-solid hover:opacity-90 font-medium',
  line: 'border border-line-strong bg-raised text-ink hover:bg-hover',
  ghost: 'text-ink-2 hover:bg-hover hover:text-ink',
  accent: 'border border-accent bg-accent-soft text-ink hover:bg-hover',
  danger: 'border border-line-strong text-failed hover:border-failed hover:bg-hover',
} as const;

const SIZES = {
  sm: 'h-7 touch:h-11 px-2.5 text-sm rounded-md gap-1.5',
  md: 'h-8 touch:h-11 px-3 text-sm rounded-md gap-2',
  lg: 'h-10 touch:h-11 px-4 text-base rounded-md gap-2',
} as const;

interface ButtonProps extends ComponentProps<'button'> {
  variant?: keyof typeof VARIANTS;
  size?: keyof typeof SIZES;
}

export function Button({ variant = 'line', size = 'md', className, type = 'button', ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      className={clsx(
        'inline-flex shrink-0 select-none items-center justify-center whitespace-nowrap transition-colors duration-(--fast) disabled:opacity-45',
        VARIANTS[variant],
        SIZES[size],
        className,
      )}
      {...rest}
    />
  );
}

interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children'> {
  label: string;
  /** Shown in the hint beside the label. */
  keys?: string;
  active?: boolean;
  children: ReactNode;
}

/** A square button with an icon; the label is its name and its hint. */
export function IconButton({ label, keys, active, className, children, ...rest }: IconButtonProps) {
  return (
    <Tip text={label} {...(keys ? { keys } : {})}>
      <button
        type="button"
        aria-label={label}
        aria-pressed={active}
        className={clsx(
          'inline-grid size-7 shrink-0 place-items-center rounded-md transition-colors duration-(--fast) touch:size-11 disabled:opacity-45',
          active ? 'bg-hover text-ink' : 'text-ink-3 hover:bg-hover hover:text-ink',
          className,
        )}
        {...rest}
      >
        {children}
      </button>
    </Tip>
  );
}
