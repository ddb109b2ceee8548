/** One found session in the list: what it was about, where, how much it took, and the one thing to do with it. */
import { clsx } from 'clsx';
import { memo } from 'react';
import { StateIcon } from '@/components/state-mark';
import { Ago } from '@/components/time';
import { plural, shortPath, tokens } from '@/lib/format';
import type { Transcript } from '@/protocol/types';
import { kindWord } from './filter';
import { Marked } from './marked';
import { OfferButtons, type SessionActs } from './offer-buttons';
import { allTokens, costWord, countWords, showSession } from './shown';

interface SessionRowProps {
  session: Transcript;
  height: number;
  selected: boolean;
  /** Room for figures in columns, and for what one can do. */
  wide: boolean;
  phone: boolean;
  /** What was searched for. */
  words: string;
  acts: SessionActs;
  onOpen(session: Transcript): void;
}

/** Kept while the list scrolls: only the rows that come into sight are made. */
export const SessionRow = memo(function SessionRow(props: SessionRowProps) {
  const { session, height, selected, wide, phone, words, acts, onOpen } = props;
  const shown = showSession(session);
  const [hit] = session.hits;
  return (
    <li
      style={{ height }}
      className={clsx(
        'flex items-center border-line border-b pr-2 transition-colors duration-(--fast)',
        selected ? 'bg-hover' : 'hover:bg-hover/60',
      )}
    >
      <button
        type="button"
        data-session={session.id}
        aria-current={selected ? 'page' : undefined}
        onClick={() => onOpen(session)}
        className="flex h-full min-w-0 flex-1 items-center gap-3 pr-3 pl-4 text-left focus-visible:-outline-offset-2"
      >
        <StateIcon look={shown.look} />
        <span className="sr-only">{shown.word}</span>
        <span className="min-w-0 flex-1">
          <span className="flex items-baseline gap-2">
            <span className="min-w-0 flex-1 truncate text-sm">{session.title || session.session}</span>
            {session.problem && <span className="shrink-0 text-waiting text-xs">damaged</span>}
            {!wide && <Ago at={session.updated_at} className="shrink-0 text-ink-3 text-xs" />}
          </span>
          <span className="flex gap-2 overflow-hidden whitespace-nowrap text-ink-3 text-xs">
            {session.live && <span className="shrink-0 text-ink-2">{shown.word}</span>}
            <span className="shrink-0">{kindWord(session.kind)}</span>
            <Place session={session} />
          </span>
          {!wide && <Figures session={session} className={phone ? '' : 'truncate'} />}
          {hit && (
            <span className="block truncate text-ink-2 text-xs">
              <Marked text={hit.snippet} words={words} />
              {session.hits.length > 1 && <span className="text-ink-3"> +{session.hits.length - 1}</span>}
            </span>
          )}
        </span>
        {wide && <Columns session={session} />}
      </button>
      {(wide || phone) && <OfferButtons session={session} acts={acts} small={phone} />}
    </li>
  );
});

function Place({ session }: { session: Transcript }) {
  return (
    <span className="truncate" title={session.cwd ?? undefined}>
      {session.project ?? (session.cwd ? shortPath(session.cwd) : 'folder unknown')}
      {session.branch && <span className="font-mono"> {session.branch}</span>}
    </span>
  );
}

function Figures({ session, className }: { session: Transcript; className: string }) {
  const { usage } = session;
  return (
    <span className={clsx('nums block overflow-hidden whitespace-nowrap text-ink-3 text-xs', className)}>
      {session.messages === null ? countWords(session) : plural(session.messages, 'message')}
      {usage && ` · ${tokens(allTokens(usage))} tokens · ${costWord(session)}`}
    </span>
  );
}

function Columns({ session }: { session: Transcript }) {
  const { usage, model } = session;
  return (
    <span className="grid shrink-0 grid-cols-[9rem_8.5rem_6rem_6.5rem] gap-3 text-ink-3 text-xs">
      <span className="truncate font-mono" title={model ?? undefined}>
        {model ?? 'model unknown'}
      </span>
      <span className="nums text-right">{countWords(session)}</span>
      <span className="nums text-right">
        {usage ? `${tokens(allTokens(usage))} tokens` : ''}
        <span className="block">{usage ? costWord(session) : ''}</span>
      </span>
      <span className="text-right">
        <Ago at={session.updated_at} sentence />
        {session.started_at && (
          <span className="block">
            began <Ago at={session.started_at} sentence />
          </span>
        )}
      </span>
    </span>
  );
}
