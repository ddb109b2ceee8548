/** Keys as they stand on the keyboard of this machine. */

const MAC = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? '');

/** `mod+k` or `g h`; a space is one key after the other. */
export function Keys({ keys }: { keys: string }) {
  return (
    <span className="inline-flex items-center gap-1">
      {keys.split(' ').map((key) => (
        <kbd
          key={key}
          className="inline-grid h-[18px] min-w-[18px] place-items-center rounded-sm border border-line-strong bg-sunken px-1 font-mono text-[11px] text-ink-2 leading-none"
        >
          {key.replace('mod+', MAC ? '⌘' : 'Ctrl ').replace('ctrl+', 'Ctrl ')}
        </kbd>
      ))}
    </span>
  );
}
