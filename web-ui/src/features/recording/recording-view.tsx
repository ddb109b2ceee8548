/** What an agent's terminal has shown, played again: scrubber, speed, silences passed over; or kept as a file. */
import { useQuery } from '@tanstack/react-query';
import { clsx } from 'clsx';
import { Download } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { StageHead } from '@/components/stage-head';
import { Button } from '@/components/ui/button';
import { Empty, Skeleton } from '@/components/ui/states';
import { useClient } from '@/lib/client';
import { saveFile } from '@/lib/download';
import { explain } from '@/lib/http';
import { PlayerFrame, secondsAt, type Wishes } from './player-frame';

/** The end of a recording that is played here; the file has all of it. */
const LATEST = 24 * 1024 * 1024;
const SPEEDS = [1, 2, 4, 8];

interface RecordingViewProps {
  agentId: string;
  /** The moment to begin at, as an ISO time. */
  at?: string | undefined;
  title: ReactNode;
  views: ReactNode;
  menu: ReactNode;
}

export default function RecordingView({ agentId, at, title, views, menu }: RecordingViewProps) {
  const { api } = useClient();
  const path = `/api/agents/${agentId}/recording`;
  const recording = useQuery({
    queryKey: ['recording', agentId],
    queryFn: async ({ signal }) => (await api.file(`${path}?latest_bytes=${LATEST}`, signal)).text(),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const [wishes, wish] = useState<Wishes>({ speed: 1, idle: true });
  const keep = async () =>
    saveFile(`${agentId}.cast`, await (await api.file(`${path}?download=true`)).blob());
  return (
    <>
      <StageHead title={title} views={views} menu={menu} />
      <div className="flex flex-wrap items-center gap-2 border-line border-b bg-surface px-3 py-1.5">
        <fieldset className="flex items-center gap-1" aria-label="Speed">
          {SPEEDS.map((speed) => (
            <Toggle
              key={speed}
              on={wishes.speed === speed}
              onClick={() => wish({ ...wishes, speed })}
              word={`${speed}×`}
            />
          ))}
        </fieldset>
        <Toggle
          on={wishes.idle}
          onClick={() => wish({ ...wishes, idle: !wishes.idle })}
          word="Skip silence"
        />
        <span className="flex-1" />
        <Button size="sm" variant="ghost" disabled={!recording.data} onClick={() => void keep()}>
          <Download size={14} /> Keep as a file
        </Button>
      </div>
      {recording.isPending && <Skeleton waitingFor="the recording" />}
      {recording.error && <Empty title="There is no recording">{explain(recording.error)}</Empty>}
      {recording.data && <Player cast={recording.data} at={at} wishes={wishes} />}
    </>
  );
}

function Player({ cast, at, wishes }: { cast: string; at: string | undefined; wishes: Wishes }) {
  const place = useRef<HTMLIFrameElement>(null);
  const frame = useRef<PlayerFrame | null>(null);
  const first = useRef(wishes);
  useEffect(() => {
    if (!place.current) return;
    const made = new PlayerFrame(place.current, cast, first.current, at ? secondsAt(cast, at) : null);
    frame.current = made;
    return () => made.dispose();
  }, [cast, at]);
  useEffect(() => {
    if (first.current !== wishes) frame.current?.wish(wishes);
    first.current = wishes;
  }, [wishes]);
  return (
    <iframe
      ref={place}
      title="Recording"
      sandbox="allow-scripts"
      className="min-h-0 w-full flex-1 border-0"
    />
  );
}

function Toggle({ on, onClick, word }: { on: boolean; onClick(): void; word: string }) {
  return (
    <button
      type="button"
      aria-pressed={on}
      onClick={onClick}
      className={clsx(
        'h-7 rounded-sm px-2 text-xs touch:h-11',
        on ? 'bg-hover text-ink' : 'text-ink-3 hover:text-ink',
      )}
    >
      {word}
    </button>
  );
}
