/** Over a terminal that is not live: why, and what to do. */
import { useEffect, useState } from 'react';
import type { TerminalState } from './terminal-session';

export function Overlay({ state, live }: { state: TerminalState; live: boolean }) {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    setSlow(false);
    if (state.phase !== 'joining') return;
    const timer = setTimeout(() => setSlow(true), 5000);
    return () => clearTimeout(timer);
  }, [state.phase]);
  const text =
    state.phase === 'offline'
      ? 'No connection: this is the last picture. Keys are not sent.'
      : state.phase === 'refused'
        ? (state.refusal ?? 'This terminal cannot be shown.')
        : state.phase === 'joining'
          ? slow
            ? live
              ? 'Still waiting for tmux. If this stays, run `orchestra doctor` where the daemon runs.'
              : 'The agent has ended and its screen is gone.'
            : 'waiting for tmux…'
          : null;
  if (!text) return null;
  return (
    <p
      role="status"
      className="absolute inset-x-0 top-0 bg-raised/95 px-4 py-1.5 text-center text-ink-2 text-xs"
    >
      {text}
    </p>
  );
}
