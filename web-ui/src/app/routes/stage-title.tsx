/** What stands in the bar above an agent: who it is, and how one looks at it. */
import { useNavigate } from '@tanstack/react-router';
import { clsx } from 'clsx';
import { ChevronLeft } from 'lucide-react';
import { StateMark } from '@/components/state-mark';
import { Elapsed } from '@/components/time';
import { isLive, showAgent } from '@/lib/states';
import { usePhone } from '@/lib/use-media';
import type { Agent } from '@/protocol/types';
import { useOpenAgent } from '../use-room';

export function StageTitle({ agent }: { agent: Agent }) {
  const phone = usePhone();
  const navigate = useNavigate();
  return (
    <>
      {phone && (
        <button
          type="button"
          aria-label="Back"
          onClick={() => void navigate({ to: '/' })}
          className="-ml-3 grid size-11 shrink-0 place-items-center text-ink-2"
        >
          <ChevronLeft size={20} />
        </button>
      )}
      <div className="flex shrink-0 items-center gap-x-2.5 phone:flex-col phone:items-start">
        <h1 className="font-medium font-mono text-sm phone:leading-tight">{agent.id}</h1>
        <StateMark shown={showAgent(agent)} />
      </div>
      {isLive(agent) && (
        <span className="whitespace-nowrap text-ink-3 text-xs phone:hidden">
          <Elapsed from={agent.activity.since} until={null} />
        </span>
      )}
      <span className="truncate text-ink-3 text-sm phone:hidden">{agent.title}</span>
    </>
  );
}

export function Views({ agent, view }: { agent: Agent; view: 'terminal' | 'chat' | 'recording' }) {
  const openAgent = useOpenAgent();
  const tab = (to: 'terminal' | 'chat' | 'recording', word: string) => (
    <button
      type="button"
      aria-pressed={view === to}
      onClick={() => openAgent(agent, to)}
      className={clsx(
        'h-6 rounded-sm px-2 text-xs touch:h-11 touch:min-w-11 phone:px-1',
        view === to ? 'bg-hover text-ink' : 'text-ink-3 hover:text-ink',
      )}
    >
      {word}
    </button>
  );
  return (
    <div className="flex shrink-0 rounded-md border border-line p-px touch:border-0 touch:p-0">
      {tab('terminal', 'Screen')}
      {tab('chat', 'Talk')}
      {tab('recording', 'Replay')}
    </div>
  );
}
