/** An agent that needs a person: why, the end of its screen, and the one gesture that helps. */
import { RotateCcw } from 'lucide-react';
import { LOOK_COLOUR, LOOK_TEXT, StateIcon } from '@/components/state-mark';
import { Ago } from '@/components/time';
import { Button } from '@/components/ui/button';
import { useAct } from '@/features/agents/api';
import { Excerpt } from '@/features/terminal/excerpt';
import { useAttention } from '@/lib/attention';
import { useMay } from '@/lib/client';
import type { Need, Ranked } from '@/lib/need';
import { isLive, showAgent } from '@/lib/states';
import { useOpenAgent } from '../use-room';

const SAYS: Partial<Record<Need, string>> = {
  approval: 'asks for permission',
  question: 'asks you a question',
  quota: 'has used up its quota and waits',
  budget: 'has spent its budget and waits',
  unread: 'has answered',
};

export function NeedCard({ ranked: { agent, need } }: { ranked: Ranked }) {
  const openAgent = useOpenAgent();
  const saw = useAttention((state) => state.saw);
  const retry = useAct('retry', (made) => openAgent(made));
  const maySpawn = useMay('agents:spawn');
  const shown = showAgent(agent);
  const failed = need === 'failed';
  return (
    <article
      style={{ '--edge': LOOK_COLOUR[shown.look] } as React.CSSProperties}
      className="overflow-hidden rounded-lg border border-line-strong border-t-(--edge) border-t-2 bg-surface shadow-1"
    >
      <header className="flex items-center gap-2 px-4 pt-3 pb-2.5">
        <StateIcon look={shown.look} />
        <p className="min-w-0 flex-1 truncate text-sm">
          <span className="font-medium font-mono">{agent.id}</span>{' '}
          <span className={LOOK_TEXT[shown.look]}>{failed ? shown.word : SAYS[need]}</span>
        </p>
        <Ago at={agent.ended_at ?? agent.activity.since} className="text-ink-3 text-xs" />
      </header>
      {agent.title && <p className="-mt-1.5 truncate px-4 pb-2.5 text-ink-2 text-sm">{agent.title}</p>}
      {agent.reason && <p className="px-4 pb-3 text-ink-2 text-sm">{agent.reason}</p>}
      {isLive(agent) && (
        <button
          type="button"
          aria-label={`Open the terminal of ${agent.id}`}
          onClick={() => openAgent(agent)}
          className="block w-full border-line border-y"
        >
          <Excerpt sessionId={agent.session_id} rows={need === 'unread' ? 5 : 10} />
        </button>
      )}
      <footer className="flex gap-2 px-4 py-3">
        {failed ? (
          <>
            {maySpawn && (
              <Button size="sm" variant="solid" onClick={() => retry.mutate(agent.id)}>
                <RotateCcw size={13} /> Start it again
              </Button>
            )}
            <Button size="sm" onClick={() => openAgent(agent)}>
              Look
            </Button>
            <Button size="sm" variant="ghost" onClick={() => saw(agent.id, agent.ended_at)}>
              Dismiss
            </Button>
          </>
        ) : (
          <>
            <Button
              size="sm"
              variant="solid"
              onClick={() => openAgent(agent, need === 'unread' ? 'chat' : 'terminal')}
            >
              {need === 'unread' ? 'Read it' : 'Answer in its terminal'}
            </Button>
            {need !== 'unread' && (
              <Button size="sm" variant="ghost" onClick={() => openAgent(agent, 'chat')}>
                Talk
              </Button>
            )}
          </>
        )}
      </footer>
    </article>
  );
}
