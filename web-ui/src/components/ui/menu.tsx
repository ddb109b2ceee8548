/** Menus that hang from a button. */
import { clsx } from 'clsx';
import { DropdownMenu } from 'radix-ui';
import type { ReactElement, ReactNode } from 'react';
import { Keys } from './kbd';

export function Menu({
  trigger,
  children,
  align = 'end',
}: {
  trigger: ReactElement;
  children: ReactNode;
  align?: 'start' | 'end';
}) {
  return (
    // Not modal: what is behind stays readable for a screen reader, and the first press outside only closes.
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal container={document.querySelector('main')}>
        <DropdownMenu.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className="scroll-y z-50 max-h-(--radix-dropdown-menu-content-available-height) min-w-48 animate-rise rounded-md border border-line-strong bg-raised p-1 shadow-2"
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

interface MenuItemProps {
  icon?: ReactNode;
  danger?: boolean;
  disabled?: boolean;
  /** The menu stays open, for what one does several times. */
  stays?: boolean;
  keys?: string;
  onSelect(): void;
  children: ReactNode;
}

export function MenuItem({ icon, danger, disabled = false, stays, keys, onSelect, children }: MenuItemProps) {
  return (
    <DropdownMenu.Item
      disabled={disabled}
      onSelect={(event) => {
        if (stays) event.preventDefault();
        onSelect();
      }}
      className={clsx(
        'flex h-8 cursor-pointer select-none items-center gap-2.5 rounded-sm px-2 text-sm outline-none data-highlighted:bg-hover touch:h-11',
        'data-disabled:cursor-default data-disabled:opacity-45',
        danger ? 'text-failed' : 'text-ink',
      )}
    >
      <span className="grid w-4 place-items-center text-ink-3">{icon}</span>
      {children}
      {keys && (
        <span className="ml-auto pl-4 touch:hidden">
          <Keys keys={keys} />
        </span>
      )}
    </DropdownMenu.Item>
  );
}

export function MenuLine() {
  return <DropdownMenu.Separator className="my-1 h-px bg-line" />;
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <DropdownMenu.Label className="label px-2 pt-1 pb-0.5">{children}</DropdownMenu.Label>;
}
