/** The mark: two rows of players before one conductor. */
export function Brand({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <g fill="none" stroke="currentColor" strokeWidth="2.6" strokeLinecap="round">
        <path d="M5.5 20a10.5 10.5 0 0 1 21 0" />
        <path d="M10.5 20a5.5 5.5 0 0 1 11 0" />
      </g>
      <circle cx="16" cy="24.8" r="2.4" fill="var(--accent)" />
    </svg>
  );
}
