/** One agent in a list: state, who, what, since when. */
import { clsx } from 'clsx';
import { LOOK_COLOUR, LOOK_TEXT, StateIcon } from '@/components/state-mark';
import { Ago } from '@/components/time';
import type { Ranked } from '@/lib/need';
import { showAgent } from '@/lib/states';

interface AgentRowProps {
  ranked: Ranked;
  selected: boolean;
  onOpen(): void;
}

export function AgentRow({ ranked: { agent, need }, selected, onOpen }: AgentRowProps) {
  const shown = showAgent(agent);
  const urgent = need !== 'busy' && need !== 'idle' && need !== 'ended';
  return (
    <li data-flip={agent.id}>
      <button
        type="button"
        data-agent={agent.id}
        aria-current={selected ? 'page' : undefined}
        onClick={onOpen}
        style={{ '--edge': LOOK_COLOUR[shown.look] } as React.CSSProperties}
        className={clsx(
          'relative flex w-full items-center gap-2 rounded-md py-1 pr-2 pl-3 text-left hit transition-colors duration-(--fast)',
          selected ? 'bg-hover' : 'hover:bg-hover/60',
          urgent &&
            'before:absolute before:inset-y-1.5 before:left-0 before:w-[3px] before:rounded-full before:bg-(--edge)',
        )}
      >
        <StateIcon look={shown.look} />
        <span className="min-w-0 flex-1">
          <span className="flex items-baseline gap-2">
            <span
              className={clsx(
                'shrink-0 font-mono text-[12.5px]',
                need === 'ended' ? 'text-ink-3' : 'font-medium text-ink',
              )}
            >
              {agent.id}
            </span>
            <span className="truncate text-ink-3 text-xs">{agent.title || agent.kind}</span>
          </span>
          {urgent && (
            <span className={clsx('block text-xs leading-[1.35]', LOOK_TEXT[shown.look])}>
              {need === 'unread' ? 'answered, not read yet' : shown.word}
            </span>
          )}
        </span>
        {urgent || need === 'ended' ? null : <span className="sr-only">{shown.word}</span>}
        <Ago at={agent.ended_at ?? agent.activity.since} className="shrink-0 text-ink-3 text-xs" />
      </button>
    </li>
  );
}
