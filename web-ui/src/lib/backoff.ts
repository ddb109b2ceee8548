/** How long to wait before the next try: doubling, capped, with jitter so that pages do not come in step. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(15_000, 500 * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling / 2 + (ceiling / 2) * random());
}

/** The wait after a clean restart of the daemon: at once, but not all pages in the same instant. */
export function restartMs(random: () => number = Math.random): number {
  return Math.round(50 + 250 * random());
}
