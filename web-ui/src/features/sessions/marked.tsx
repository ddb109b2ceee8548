/** A text with the words that were searched for set off. */
import { Fragment } from 'react';

export function Marked({ text, words }: { text: string; words: string }) {
  const pieces = nearMatch(splitAt(text, words));
  return pieces.map((piece, at) => (
    <Fragment key={at}>
      {at % 2 === 1 ? <mark className="rounded-xs bg-accent-soft text-ink">{piece}</mark> : piece}
    </Fragment>
  ));
}

/** The text cut so that every second piece is one that was searched for. */
export function splitAt(text: string, words: string): string[] {
  const wanted = words
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return wanted.length === 0 ? [text] : text.split(new RegExp(`(${wanted.join('|')})`, 'iu'));
}

/** So much stands before the first word that was found: on a narrow screen the rest would push it out of sight. */
const LEAD = 24;

export function nearMatch(pieces: readonly string[]): readonly string[] {
  const [before = '', ...rest] = pieces;
  if (rest.length === 0 || before.length <= LEAD) return pieces;
  return [`…${before.slice(-LEAD).trimStart()}`, ...rest];
}
