/** One agent at work: who, what for, how long, and the last line of its screen. */
import { StateIcon } from '@/components/state-mark';
import { Elapsed } from '@/components/time';
import { LastLine } from '@/features/terminal/excerpt';
import { showAgent } from '@/lib/states';
import type { Agent } from '@/protocol/types';
import { useOpenAgent } from '../use-room';

export function WorkingRow({ agent }: { agent: Agent }) {
  const openAgent = useOpenAgent();
  return (
    <li className="min-w-0">
      <button
        type="button"
        onClick={() => openAgent(agent)}
        className="flex w-full items-center gap-3 px-4 py-1.5 text-left transition-colors duration-(--fast) hover:bg-hover"
      >
        <StateIcon look={showAgent(agent).look} size={12} />
        <span className="min-w-0 flex-1">
          <span className="flex items-baseline gap-2">
            <span className="shrink-0 font-medium font-mono text-[12.5px]">{agent.id}</span>
            <span className="min-w-0 flex-1 truncate text-ink-2 text-sm">{agent.title || agent.kind}</span>
            <span className="text-ink-3 text-xs">
              <Elapsed from={agent.activity.since} until={null} />
            </span>
          </span>
          <LastLine sessionId={agent.session_id} className="text-ink-3" />
        </span>
      </button>
    </li>
  );
}
