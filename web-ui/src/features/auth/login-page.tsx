/** What stands before the room: how to get in, or why one cannot. */
import type { ReactNode } from 'react';
import { Brand } from '@/components/brand';
import { Command } from '@/components/copy';
import { Button } from '@/components/ui/button';
import { useLogin } from './login';
import { PasswordForm } from './password-form';

interface LoginPageProps {
  mode: 'local' | 'oidc' | null;
  /** Logs in with name and password, where the daemon has accounts. */
  enter?: ((name: string, password: string) => Promise<string | null>) | undefined;
  onRetry(): void;
}

export function LoginPage({ mode, enter, onRetry }: LoginPageProps) {
  const { phase, reason } = useLogin();
  if (phase === 'starting') return <Frame title="Opening the room…" />;
  if (phase === 'unreachable') {
    return (
      <Frame title="The daemon does not answer.">
        <p>{reason ?? 'Your agents run on without it. Start it again where it ran, then try once more.'}</p>
        <Command text="orchestra up" />
        <Button variant="solid" size="lg" onClick={onRetry}>
          Try again
        </Button>
      </Frame>
    );
  }
  if (mode === 'oidc') {
    return (
      <Frame title="Log in to Orchestra.">
        {reason && <p>{reason}</p>}
        <Button variant="solid" size="lg" onClick={onRetry}>
          Log in
        </Button>
      </Frame>
    );
  }
  if (enter) {
    return (
      <Frame title="Log in to Orchestra.">
        {reason && <p role="alert">{reason}</p>}
        <PasswordForm enter={enter} />
        <p className="text-ink-3 text-sm">
          Or run <code>orchestra web</code> where the daemon runs: its link logs the owner in.
        </p>
      </Frame>
    );
  }
  return (
    <Frame title="Get a login link.">
      {reason && <p role="alert">{reason}</p>}
      <p>
        This browser is not logged in. Run this where the daemon runs; it prints a link that works once, for
        five minutes.
      </p>
      <Command text="orchestra web" />
    </Frame>
  );
}

function Frame({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <main className="relative grid min-h-dvh place-items-center overflow-hidden px-6">
      <Arcs />
      <div className="relative w-full max-w-sm animate-rise">
        <Brand size={40} />
        <h1 className="mt-6 font-semibold text-xl tracking-tight">{title}</h1>
        <div className="mt-3 space-y-4 text-ink-2">{children}</div>
      </div>
    </main>
  );
}

/** The empty room: rows of seats before the stand. */
function Arcs() {
  return (
    <svg
      aria-hidden="true"
      viewBox="0 0 1200 600"
      preserveAspectRatio="xMidYMax slice"
      className="pointer-events-none absolute inset-0 size-full text-line"
    >
      {[180, 260, 340, 420, 500, 580].map((radius, i) => (
        <path
          key={radius}
          d={`M${600 - radius} 600A${radius} ${radius} 0 0 1 ${600 + radius} 600`}
          fill="none"
          stroke="currentColor"
          strokeWidth="1.5"
          strokeDasharray={`2 ${18 + i * 2}`}
          strokeLinecap="round"
        />
      ))}
    </svg>
  );
}
