/** A live picture without keys, seat or history: what a tile of the wall becomes under the pointer. */
import '@xterm/xterm/css/xterm.css';
import './terminal.css';
import { useEffect, useRef } from 'react';
import { useClient } from '@/lib/client';
import { TerminalSession } from './terminal-session';

export default function Peek({ sessionId }: { sessionId: string }) {
  const { hub } = useClient();
  const viewport = useRef<HTMLDivElement>(null);
  const history = useRef<HTMLDivElement>(null);
  const host = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (!viewport.current || !history.current || !host.current) return;
    const area = viewport.current;
    const session = new TerminalSession({
      hub,
      sessionId,
      viewport: area,
      history: history.current,
      host: host.current,
      touch: false,
      peek: true,
      onLink: () => undefined,
    });
    // The picture fades in only when there is one, so that the tile never blinks black.
    const stop = session.changed.on(({ phase }) => {
      area.style.opacity = phase === 'live' ? '1' : '0';
    });
    session.setBox({ width: area.clientWidth, height: area.clientHeight });
    return () => {
      stop();
      session.dispose();
    };
  }, [hub, sessionId]);

  return (
    <div
      ref={viewport}
      aria-hidden="true"
      className="pointer-events-none absolute inset-0 overflow-hidden bg-screen opacity-0"
    >
      <div ref={history} className="hidden" />
      <div ref={host} className="terminal-host" />
    </div>
  );
}
