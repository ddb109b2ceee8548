/** Found sessions, the one written to last first; only the rows in sight exist, so ten thousand scroll like ten. */
import { useEffect, useRef } from 'react';
import { useVirtual } from '@/lib/use-virtual';
import type { Transcript } from '@/protocol/types';
import type { SessionActs } from './offer-buttons';
import { SessionRow } from './session-row';

/** Two lines at the desk, three where the figures have no columns; one more for what was found. */
const ROW = { wide: 53, narrow: 72, hit: 18 };
/** So many rows before the end, older sessions are read. */
const AHEAD = 60;

interface SessionListProps {
  items: readonly Transcript[];
  selected: string | null;
  wide: boolean;
  phone: boolean;
  words: string;
  acts: SessionActs;
  older: { more: boolean; loading: boolean; load(): unknown };
  onOpen(session: Transcript): void;
}

export function SessionList(props: SessionListProps) {
  const { items, selected, wide, phone, words, acts, older, onOpen } = props;
  const area = useRef<HTMLDivElement>(null);
  const row = (wide ? ROW.wide : ROW.narrow) + (words ? ROW.hit : 0);
  const { start, end } = useVirtual(area, items.length, row);
  const wanted = end >= items.length - AHEAD && older.more && !older.loading;
  const { load } = older;
  useEffect(() => {
    if (wanted) load();
  }, [wanted, load]);
  return (
    <div ref={area} className="scroll-y min-h-0 flex-1">
      <ul
        style={{ height: items.length * row, paddingTop: start * row }}
        className="box-border"
        aria-label={`${items.length} sessions`}
      >
        {items.slice(start, end).map((session) => (
          <SessionRow
            key={session.id}
            session={session}
            height={row}
            selected={session.id === selected || session.session === selected}
            wide={wide}
            phone={phone}
            words={words}
            acts={acts}
            onOpen={onOpen}
          />
        ))}
      </ul>
      {older.more && (
        <p className="label px-4 py-3" role="status">
          {older.loading ? 'reading older sessions…' : ' '}
        </p>
      )}
    </div>
  );
}
