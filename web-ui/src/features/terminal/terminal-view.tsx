/** A terminal one looks at and types into: the emulator, its bar, and on touch a row of keys. Loaded on demand. */
import '@xterm/xterm/css/xterm.css';
import './terminal.css';
import { ArrowDown } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { DropArea, Sending } from '@/components/drop-area';
import { Button } from '@/components/ui/button';
import { useClient, useMay } from '@/lib/client';
import { useScreen } from '@/lib/terminal-theme';
import { toast } from '@/lib/toast';
import { useDrop } from '@/lib/use-drop';
import { useTouch } from '@/lib/use-media';
import { FindBar } from './find-bar';
import { KeyBar } from './key-bar';
import { FONT_SIZE } from './layout';
import { LinkDialog } from './link-dialog';
import { Overlay } from './overlay';
import { watchPinch } from './pinch';
import { usePrefs } from './prefs';
import { TerminalBar } from './terminal-bar';
import { TerminalSession, type TerminalState } from './terminal-session';
import { TypeBox } from './type-box';
import { ViewMenu } from './view-menu';

interface TerminalViewProps {
  sessionId: string;
  /** Who it is, at the left of the bar. */
  title: ReactNode;
  /** Which view of the agent is shown. */
  views?: ReactNode;
  /** What one can do, at the right end of the bar. */
  menu?: ReactNode;
  /** False once the agent has ended: nothing to type into. */
  live: boolean;
  /** Agents that could stand beside this one, and how to put one there. */
  others?: readonly string[];
  onBeside?: (agentId: string) => void;
  /** Above the screen: what the agent asks. */
  banner?: ReactNode;
  /** Below the screen on touch, while this viewer does not hold the keyboard. */
  composer?: ReactNode;
}

const JOINING: TerminalState = {
  phase: 'joining',
  cols: 0,
  rows: 0,
  mine: false,
  holder: null,
  gap: false,
  refusal: null,
};

/** Other colours are another emulator: everything already drawn has the old ones. */
export function TerminalView(props: TerminalViewProps) {
  const colours = useScreen((state) => state.name);
  return <ColouredTerminal key={colours} {...props} />;
}

function ColouredTerminal(props: TerminalViewProps) {
  const { sessionId, title, views, menu, live, others = [], onBeside, banner, composer } = props;
  const touch = useTouch();
  const mayType = useMay('terminal:type') && live;
  const [link, setLink] = useState<string | null>(null);
  const [finding, setFinding] = useState(false);
  const { parts, session, state, pinned } = useTerminal(sessionId, touch, setLink);
  const agentId = sessionId.replace(/^sess-/, '');
  const [words, setWords] = useState('');
  const drop = useDrop(agentId, live, (path) => {
    if (!state.mine) return void tellPath(agentId, path);
    if (touch) setWords((text) => (text ? `${text.trimEnd()} ${path} ` : `${path} `));
    else session.current?.paste(`${path} `);
  });
  const closeFind = () => {
    setFinding(false);
    session.current?.focus();
  };

  return (
    <section
      aria-label={`Terminal of ${sessionId}`}
      data-phase={state.phase}
      className="flex min-h-0 min-w-0 flex-1 flex-col"
      onKeyDown={(event) => {
        if (!event.ctrlKey || !event.shiftKey || event.key !== 'F') return;
        event.preventDefault();
        setFinding(true);
      }}
    >
      <TerminalBar
        title={title}
        views={views}
        menu={
          <>
            <ViewMenu session={session} onFind={() => setFinding(true)} others={others} onBeside={onBeside} />
            {menu}
          </>
        }
        state={state}
        session={session}
        mayType={mayType}
        touch={touch}
      />
      {banner}
      <DropArea drop={drop} to={agentId}>
        <div className="relative min-h-0 flex-1 bg-screen" data-stale={state.phase === 'offline'}>
          <div
            ref={parts.viewport}
            className="terminal-viewport"
            data-pinned="true"
            tabIndex={touch ? 0 : -1}
          >
            <div ref={parts.history} className="terminal-history" aria-hidden="true" />
            <div className="terminal-stage">
              <div ref={parts.host} className="terminal-host" />
            </div>
          </div>
          <Overlay state={state} live={live} />
          {finding && <FindBar session={session} history={parts.history} onClose={closeFind} />}
          {!pinned && (
            <Button
              size="sm"
              className="absolute right-4 bottom-3 shadow-2"
              onClick={() => session.current?.toBottom()}
            >
              <ArrowDown size={14} /> Back to now
            </Button>
          )}
        </div>
        <Sending drop={drop} />
        {touch && mayType && <KeyBar state={state} session={session} />}
        {touch && mayType && state.mine ? (
          <TypeBox session={session} to={agentId} text={words} onText={setWords} drop={drop} />
        ) : (
          composer
        )}
      </DropArea>
      <LinkDialog url={link} onClose={() => setLink(null)} />
    </section>
  );
}

/** Whoever does not hold the keyboard gets the path to use it later. */
function tellPath(agentId: string, path: string): void {
  toast(`Sent to ${agentId}`, {
    description: path,
    action: { label: 'Copy the path', onClick: () => void navigator.clipboard?.writeText(path) },
  });
}

/** Mounts one session and follows its state; bytes never pass through React. */
function useTerminal(sessionId: string, touch: boolean, onLink: (url: string) => void) {
  const { hub } = useClient();
  const viewport = useRef<HTMLDivElement>(null);
  const history = useRef<HTMLDivElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const session = useRef<TerminalSession | null>(null);
  const [state, setState] = useState(JOINING);
  const [pinned, setPinned] = useState(true);

  useEffect(() => {
    if (!viewport.current || !history.current || !host.current) return;
    const area = viewport.current;
    const made = new TerminalSession({
      hub,
      sessionId,
      viewport: area,
      history: history.current,
      host: host.current,
      touch,
      peek: false,
      onLink,
    });
    session.current = made;
    setState(made.state);
    made.prefer(usePrefs.getState());
    const stopPrefs = usePrefs.subscribe((prefs) => made.prefer(prefs));
    const stopPinch = touch ? watchPinch(area, made, FONT_SIZE) : () => undefined;
    const stop = made.changed.on(setState);
    const observer = new ResizeObserver(() =>
      made.setBox({ width: area.clientWidth - 16, height: area.clientHeight - 12 }),
    );
    observer.observe(area);
    const scrolled = () => setPinned(area.dataset.pinned !== 'false');
    area.addEventListener('scroll', scrolled, { passive: true });
    return () => {
      stop();
      stopPrefs();
      stopPinch();
      observer.disconnect();
      area.removeEventListener('scroll', scrolled);
      made.dispose();
      session.current = null;
    };
  }, [hub, sessionId, touch, onLink]);

  return { parts: { viewport, history, host }, session, state, pinned };
}

export default TerminalView;
