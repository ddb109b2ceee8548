/** One found session, to be read; the address may name an entry. */
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ArrowDownToLine, ArrowUpToLine, ChevronLeft, Download, X } from 'lucide-react';
import { StageHead } from '@/components/stage-head';
import { StateMark } from '@/components/state-mark';
import { IconButton } from '@/components/ui/button';
import { useExport } from '@/features/sessions/api';
import { OfferButtons } from '@/features/sessions/offer-buttons';
import Reader from '@/features/sessions/reader';
import type { Start } from '@/features/sessions/reading';
import { showSession } from '@/features/sessions/shown';
import type { Transcript } from '@/protocol/types';
import { useOpenAgent } from '../use-room';
import { useBoth } from './sessions';
import { useSessionActs } from './use-session-acts';

export default function SessionRoute() {
  const { sessionId } = useParams({ from: '/shell/sessions/$sessionId' });
  const { at, ...filter } = useSearch({ from: '/shell/sessions' });
  const navigate = useNavigate();
  const openAgent = useOpenAgent();
  const acts = useSessionActs();
  const go = (start: Start) =>
    void navigate({
      to: '/sessions/$sessionId',
      params: { sessionId },
      search: start === 'start' ? filter : { ...filter, at: start },
      replace: true,
    });
  return (
    <section aria-label="Session" className="flex min-w-0 flex-1 flex-col">
      <Reader
        key={`${sessionId} ${at ?? 'start'}`}
        id={sessionId}
        start={at ?? 'start'}
        acts={acts}
        head={(transcript) => <Head transcript={transcript} acts={acts} onStart={go} />}
        onStart={go}
        linkTo={(offset) => `${location.origin}/sessions/${encodeURIComponent(sessionId)}?at=${offset}`}
        onSession={(id) =>
          void navigate({ to: '/sessions/$sessionId', params: { sessionId: id }, search: filter })
        }
        onAgent={(id) => openAgent({ id })}
      />
    </section>
  );
}

interface HeadProps {
  transcript: Transcript | undefined;
  acts: ReturnType<typeof useSessionActs>;
  onStart(start: Start): void;
}

function Head({ transcript, acts, onStart }: HeadProps) {
  const both = useBoth();
  const { at: _, ...filter } = useSearch({ from: '/shell/sessions' });
  const exporting = useExport();
  const back = (
    <Link
      to="/sessions"
      search={filter}
      aria-label={both ? 'Close this session' : 'All sessions'}
      className={
        both
          ? 'grid size-7 place-items-center rounded-md text-ink-3 hover:bg-hover hover:text-ink'
          : '-ml-3 grid size-11 shrink-0 place-items-center text-ink-2'
      }
    >
      {both ? <X size={16} /> : <ChevronLeft size={20} />}
    </Link>
  );
  return (
    <StageHead
      title={
        <>
          {!both && back}
          {transcript && <StateMark shown={showSession(transcript)} />}
          <span className="truncate text-ink-2 text-sm">{transcript?.title}</span>
        </>
      }
      menu={
        <>
          {transcript && !both && <OfferButtons session={transcript} acts={acts} small />}
          <IconButton label="To the beginning" className="phone:hidden" onClick={() => onStart('start')}>
            <ArrowUpToLine size={16} />
          </IconButton>
          <IconButton label="To the newest" onClick={() => onStart('end')}>
            <ArrowDownToLine size={16} />
          </IconButton>
          <IconButton
            label={exporting.isPending ? 'Writing the file…' : 'Keep as markdown'}
            disabled={!transcript || exporting.isPending}
            onClick={() => transcript && exporting.mutate(transcript)}
          >
            <Download size={16} />
          </IconButton>
          {both && back}
        </>
      }
    />
  );
}
