/** Takes the commands out of a remedy, so that the page can offer them for copying. */

/** Commands in the order they stand: between backticks, or after a colon up to a dash or the end. */
export function commandsOf(remedy: string): string[] {
  const ticked = [...remedy.matchAll(/`([^`]+)`/g)];
  const found = ticked.length > 0 ? ticked : [...remedy.matchAll(/: (.+?)(?= — |$)/g)];
  return found.map((match) => (match[1] ?? '').trim()).filter(Boolean);
}
