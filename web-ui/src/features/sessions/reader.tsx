/** One session to read: what is known of it, every turn, and what comes while one looks. */
import { ArrowDown } from 'lucide-react';
import { useRef } from 'react';
import { Button } from '@/components/ui/button';
import { Empty, Failed, Skeleton } from '@/components/ui/states';
import { otherDay, plural } from '@/lib/format';
import { ApiError } from '@/lib/http';
import type { Transcript } from '@/protocol/types';
import type { SessionActs } from './offer-buttons';
import type { Start } from './reading';
import { SessionFacts } from './session-facts';
import { SubAgent } from './sub-agent';
import { TurnItem } from './turn-item';
import { useReaderScroll } from './use-reader-scroll';
import { useTranscript } from './use-transcript';

interface ReaderProps {
  id: string;
  start: Start;
  acts: SessionActs;
  /** The bar above, once it is known what stands there. */
  head(transcript: Transcript | undefined): React.ReactNode;
  onStart(start: Start): void;
  /** A link to one entry, to be copied. */
  linkTo(offset: number): string;
  onSession(id: string): void;
  onAgent(agentId: string): void;
}

export default function Reader(props: ReaderProps) {
  const { id, start, acts, head, onStart, linkTo, onSession, onAgent } = props;
  const reading = useTranscript(id, start);
  const area = useRef<HTMLDivElement>(null);
  const { turns, transcript, children, earlier, later } = reading;
  const { sentinel, lower, away } = useReaderScroll(area, start, reading);
  const marked = typeof start === 'number' ? start : null;
  return (
    <>
      {head(transcript)}
      {reading.isPending ? (
        <Skeleton rows={7} waitingFor="the session" />
      ) : reading.error || !transcript ? (
        <Missing error={reading.error} retry={() => void reading.refetch()} />
      ) : (
        <div className="relative flex min-h-0 flex-1 flex-col">
          <div
            ref={area}
            className="scroll-y min-h-0 flex-1 [overflow-anchor:none]"
            role="region"
            aria-label={`Messages of ${transcript.title}`}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must do so by keyboard
            tabIndex={0}
          >
            <div className="mx-auto max-w-3xl px-4 pt-4 pb-10">
              <SessionFacts
                session={transcript}
                subAgents={children}
                acts={acts}
                onSession={onSession}
                onAgent={onAgent}
              />
              <div ref={sentinel} className="h-px" />
              {earlier.more && <More word="Earlier" what={earlier} />}
              <div className="space-y-5">
                {turns.map((turn, at) => (
                  <TurnItem
                    key={turn.offset}
                    turn={turn}
                    dated={otherDay(turns[at - 1]?.at, turn.at)}
                    kind={transcript.kind}
                    nested={transcript.parent !== null}
                    marked={marked}
                    subAgents={children}
                    renderSubAgent={(each) => <SubAgent key={each.id} session={each} onSession={onSession} />}
                    linkTo={linkTo}
                  />
                ))}
              </div>
              {reading.unreadable > 0 && (
                <p className="mt-5 text-sm text-waiting" role="note">
                  {plural(reading.unreadable, 'record')} of this file could not be read and{' '}
                  {reading.unreadable === 1 ? 'is' : 'are'} left out.
                </p>
              )}
              <div ref={lower} className="h-px" />
              {later.more ? (
                <More word="More" what={later} />
              ) : (
                <End session={transcript} empty={!turns.length} />
              )}
            </div>
          </div>
          {(away || later.more) && (
            <Button
              size="sm"
              className="absolute right-4 bottom-3 shadow-2"
              onClick={() => (later.more ? onStart('end') : toEnd(area.current))}
            >
              <ArrowDown size={14} /> Newest
            </Button>
          )}
        </div>
      )}
    </>
  );
}

function toEnd(area: HTMLElement | null): void {
  if (area) area.scrollTop = area.scrollHeight;
}

function More({ word, what }: { word: string; what: { loading: boolean; load(): unknown } }) {
  return (
    <div className="flex justify-center py-3">
      <Button variant="ghost" size="sm" disabled={what.loading} onClick={() => what.load()}>
        {what.loading ? 'Reading…' : word}
      </Button>
    </div>
  );
}

function End({ session, empty }: { session: Transcript; empty: boolean }) {
  return (
    <p className="label mt-6 text-center" role="status">
      {session.live
        ? 'live: what is written next appears here'
        : empty
          ? 'this file holds no message'
          : 'end of the session'}
    </p>
  );
}

function Missing({ error, retry }: { error: unknown; retry(): void }) {
  if (error instanceof ApiError && error.status === 404) {
    return (
      <Empty page title="There is no such session">
        Its file may have been deleted, or it belongs to somebody else.
      </Empty>
    );
  }
  return <Failed error={error} retry={retry} />;
}
