/** Why: which signal says what the agent does, since when, how sure; and its plain facts. */
import { useQuery } from '@tanstack/react-query';
import { clsx } from 'clsx';
import type { ReactNode } from 'react';
import { CopyId } from '@/components/copy';
import { LOOK_TEXT, StateIcon } from '@/components/state-mark';
import { Ago, Elapsed } from '@/components/time';
import { useClient } from '@/lib/client';
import { dollars, shortPath, tokens } from '@/lib/format';
import { isLive, showAgent } from '@/lib/states';
import type { Agent, Signal } from '@/protocol/types';
import { explainQuery } from './api';

export function Inspector({ agent, children }: { agent: Agent; children?: ReactNode }) {
  const shown = showAgent(agent);
  return (
    <div className="scroll-y min-h-0 flex-1 space-y-6 px-4 py-4">
      <section>
        <p className="flex items-center gap-2">
          <StateIcon look={shown.look} size={16} />
          <span className={clsx('font-medium', LOOK_TEXT[shown.look])}>{shown.word}</span>
          <span className="text-ink-3 text-sm">
            {isLive(agent) ? (
              <>
                for <Elapsed from={agent.activity.since} until={null} />
              </>
            ) : (
              agent.ended_at && <Ago at={agent.ended_at} sentence />
            )}
          </span>
        </p>
        {agent.reason && <p className="mt-1.5 text-ink-2 text-sm">{agent.reason}</p>}
        {isLive(agent) && <Why agent={agent} />}
      </section>
      {children}
      <Facts agent={agent} />
    </div>
  );
}

function Why({ agent }: { agent: Agent }) {
  const { api } = useClient();
  const { data } = useQuery(explainQuery(api, agent));
  return (
    <div className="mt-3">
      <h2 className="label mb-1">why this state</h2>
      {data && data.signals.length > 0 ? (
        <ul className="space-y-1">
          {data.signals.map((signal) => (
            <SignalRow key={`${signal.source}${signal.at}`} signal={signal} />
          ))}
        </ul>
      ) : (
        <p className="text-ink-2 text-sm">
          {agent.activity.source} says so, {Math.round(agent.activity.confidence * 100)} % sure.
        </p>
      )}
    </div>
  );
}

function SignalRow({ signal }: { signal: Signal }) {
  return (
    <li
      className={clsx(
        'rounded-md border px-2.5 py-1.5 text-xs',
        signal.won ? 'border-line-strong bg-raised' : 'border-transparent text-ink-3',
      )}
    >
      <p className="flex items-baseline gap-2">
        <span className={clsx('font-mono', signal.won && 'text-ink')}>{signal.source}</span>
        <span>{signal.waiting_for ?? signal.state}</span>
        <span className="nums ml-auto">{Math.round(signal.confidence * 100)} %</span>
        <Ago at={signal.at} />
      </p>
      {signal.detail && <p className="mt-0.5 break-words text-ink-3">{signal.detail}</p>}
    </li>
  );
}

function Facts({ agent }: { agent: Agent }) {
  const { input_tokens: read, output_tokens: written } = agent.usage;
  return (
    <section>
      <h2 className="label mb-2">facts</h2>
      <dl className="grid grid-cols-[88px_1fr] gap-x-3 gap-y-1.5 text-sm">
        <Fact name="agent">
          <CopyId text={agent.id} />
        </Fact>
        <Fact name="kind">
          {agent.kind}
          {agent.specialist && <span className="text-ink-3"> as {agent.specialist}</span>}
        </Fact>
        <Fact name="folder">
          <span className="break-all font-mono text-xs" title={agent.cwd}>
            {shortPath(agent.cwd, 3)}
          </span>
        </Fact>
        <Fact name="owner">{agent.owner_name}</Fact>
        {agent.parent && (
          <Fact name="asked by">
            <CopyId text={agent.parent} />
          </Fact>
        )}
        {agent.pid !== null && <Fact name="process">{agent.pid}</Fact>}
        <Fact name="screen">
          {agent.size.cols}×{agent.size.rows}
        </Fact>
        {agent.restarts > 0 && <Fact name="restarts">{agent.restarts}</Fact>}
        <Fact name="age">
          <Elapsed from={agent.started_at ?? agent.created_at} until={agent.ended_at} />
        </Fact>
        {agent.exit_code !== null && <Fact name="exit code">{agent.exit_code}</Fact>}
        {agent.signal !== null && <Fact name="signal">{agent.signal}</Fact>}
        {read !== null && written !== null && read + written > 0 && (
          <>
            <Fact name="tokens">
              {tokens(read)} in, {tokens(written)} out
            </Fact>
            <Fact name="cost">
              {agent.usage.cost_usd === null ? 'unknown' : dollars(agent.usage.cost_usd)}
            </Fact>
          </>
        )}
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-3">{name}</dt>
      <dd className="nums min-w-0">{children}</dd>
    </>
  );
}
