/** Above a terminal: who, how big, who types; and the one control that lets you type. */
import { Keyboard, Maximize2, Minimize2, ZoomIn, ZoomOut } from 'lucide-react';
import { type ReactNode, type RefObject, useEffect, useState } from 'react';
import { Button, IconButton } from '@/components/ui/button';
import { Keys } from '@/components/ui/kbd';
import { FONT_SIZE } from './layout';
import type { TerminalSession, TerminalState } from './terminal-session';

interface TerminalBarProps {
  title: ReactNode;
  /** Which view of the agent is shown; goes to a second row where there is no room. */
  views: ReactNode;
  /** What stays at the right end. */
  menu: ReactNode;
  state: TerminalState;
  session: RefObject<TerminalSession | null>;
  mayType: boolean;
  touch: boolean;
}

export function TerminalBar({ title, views, menu, state, session, mayType, touch }: TerminalBarProps) {
  return (
    <header className="@container border-line border-b bg-surface">
      <div className="flex min-h-10 flex-wrap items-center gap-x-2 pr-2 pl-3 touch:min-h-12">
        <div className="flex min-w-0 flex-1 items-center gap-2.5">{title}</div>
        <div className="order-3 flex min-w-0 items-center gap-2 @max-[620px]:order-4 @max-[620px]:basis-full @max-[620px]:pb-1">
          {views}
          <span className="hidden flex-1 @max-[620px]:block" />
          <Gap state={state} session={session} />
          <span className="label nums order-first whitespace-nowrap @max-[460px]:hidden @max-[620px]:order-none">
            {state.cols ? `${state.cols}×${state.rows}` : ''}
          </span>
          {touch && <TouchSize session={session} mine={state.mine} />}
          {mayType && <Seat state={state} session={session} touch={touch} />}
        </div>
        <div className="order-3 flex shrink-0 items-center gap-1">{menu}</div>
      </div>
    </header>
  );
}

function Seat({
  state,
  session,
  touch,
}: {
  state: TerminalState;
  session: RefObject<TerminalSession | null>;
  touch: boolean;
}) {
  const [fit, setFit] = useState(true);
  if (state.phase !== 'live') return null;
  if (!state.mine) {
    const who = state.holder ? `${state.holder.name} types (${state.holder.via})` : null;
    return (
      <>
        {who && <span className="truncate text-ink-3 text-xs">{who}</span>}
        <Button size="sm" onClick={() => session.current?.takeSeat()}>
          <Keyboard size={14} />
          Take the keyboard
        </Button>
      </>
    );
  }
  return (
    <>
      {!touch && (
        <IconButton
          label={fit ? 'Keep the size the terminal had' : 'Fit the terminal to this screen'}
          active={fit}
          onClick={() => {
            session.current?.fitToScreen(!fit);
            setFit(!fit);
          }}
        >
          {fit ? <Minimize2 size={14} /> : <Maximize2 size={14} />}
        </IconButton>
      )}
      <Button size="sm" variant="accent" onClick={() => session.current?.releaseSeat()}>
        <Keyboard size={14} className="text-accent" />
        <span className="@max-[460px]:hidden">You type</span>
        <span className="text-ink-3 @max-[460px]:text-ink">release</span>
        {!touch && <Keys keys="ctrl+`" />}
      </Button>
    </>
  );
}

/** The phone sizes the agent's terminal only when told to; two fingers or the lens choose the letters. */
function TouchSize({ session, mine }: { session: RefObject<TerminalSession | null>; mine: boolean }) {
  const [zoomed, setZoomed] = useState(false);
  const [fit, setFit] = useState(false);
  return (
    <>
      {mine && (
        <IconButton
          label={fit ? 'Give the size back' : 'Fit to this screen'}
          active={fit}
          onClick={() => {
            session.current?.fitToScreen(!fit);
            setFit(!fit);
          }}
        >
          <Maximize2 size={16} />
        </IconButton>
      )}
      <IconButton
        label={zoomed ? 'Whole screen' : 'Readable size'}
        active={zoomed}
        onClick={() => {
          session.current?.zoomTo(zoomed ? null : FONT_SIZE);
          setZoomed(!zoomed);
        }}
      >
        {zoomed ? <ZoomOut size={16} /> : <ZoomIn size={16} />}
      </IconButton>
    </>
  );
}

function Gap({ state, session }: { state: TerminalState; session: RefObject<TerminalSession | null> }) {
  useEffect(() => {
    if (!state.gap) return;
    const timer = setTimeout(() => session.current?.clearGap(), 6000);
    return () => clearTimeout(timer);
  }, [state.gap, session]);
  if (!state.gap) return null;
  return (
    <span role="status" className="whitespace-nowrap text-waiting text-xs">
      output skipped to catch up
    </span>
  );
}
