/** All screens at once: state as a coloured edge, the last meaningful line as caption; hovering makes one live. */
import { clsx } from 'clsx';
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { LOOK_COLOUR, StateMark } from '@/components/state-mark';
import { Ago } from '@/components/time';
import { type Shown, showAgent } from '@/lib/states';
import { useTouch } from '@/lib/use-media';
import type { Agent } from '@/protocol/types';
import { Thumbnail } from './thumbnail';

const Peek = lazy(() => import('./peek'));
const HOVER_MS = 350;

interface WallProps {
  agents: readonly Agent[];
  onOpen(agent: Agent): void;
}

export function Wall({ agents, onOpen }: WallProps) {
  const [live, setLive] = useState<string | null>(null);
  return (
    <ul className="grid gap-3 p-3 [grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr))] min-[700px]:p-4">
      {agents.map((agent) => (
        <Tile
          key={agent.id}
          agent={agent}
          live={live === agent.id}
          onLive={(on) => setLive(on ? agent.id : null)}
          onOpen={() => onOpen(agent)}
        />
      ))}
    </ul>
  );
}

interface TileProps {
  agent: Agent;
  live: boolean;
  onLive(on: boolean): void;
  onOpen(): void;
}

function Tile({ agent, live, onLive, onOpen }: TileProps) {
  // Written straight into the page: what fifty terminals say is no state of React's.
  const caption = useRef<HTMLParagraphElement>(null);
  const say = (line: string) => {
    if (caption.current) caption.current.textContent = line || agent.reason || '\u00a0';
  };
  const shown = showAgent(agent);
  const hover = useHover(onLive);
  return (
    <li>
      <button
        type="button"
        onClick={onOpen}
        {...hover}
        style={{ '--edge': LOOK_COLOUR[shown.look] } as React.CSSProperties}
        className={clsx(
          'group block w-full overflow-hidden rounded-lg border bg-surface text-left transition-[border-color,box-shadow] duration-(--calm)',
          live ? 'border-accent' : 'border-line hover:border-line-strong',
        )}
      >
        <TileHead agent={agent} shown={shown} live={live} />
        <div className="relative border-(--edge) border-l-3">
          <Thumbnail sessionId={agent.session_id} ratio={1.62} onCaption={say} />
          {live && (
            <Suspense fallback={null}>
              <Peek sessionId={agent.session_id} />
            </Suspense>
          )}
        </div>
        <p
          ref={caption}
          className="h-7 truncate border-line border-t px-3 font-mono text-[11px] text-ink-2 leading-7"
        />
      </button>
    </li>
  );
}

function TileHead({ agent, shown, live }: { agent: Agent; shown: Shown; live: boolean }): ReactNode {
  return (
    <span className="flex h-9 items-center gap-2 px-3">
      <span className="font-medium font-mono text-sm">{agent.id}</span>
      <span className="min-w-0 flex-1 truncate text-ink-3 text-xs">{agent.title || agent.kind}</span>
      {live && <span className="text-accent text-xs">live</span>}
      <StateMark shown={shown} />
      <Ago at={agent.activity.since} className="text-ink-3 text-xs" />
    </span>
  );
}

/** Live after the pointer has rested, or while the tile has the keyboard's focus. */
function useHover(onLive: (on: boolean) => void) {
  const touch = useTouch();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  if (touch) return {};
  const start = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onLive(true), HOVER_MS);
  };
  const stop = () => {
    clearTimeout(timer.current);
    onLive(false);
  };
  return { onPointerEnter: start, onPointerLeave: stop, onFocus: start, onBlur: stop };
}
