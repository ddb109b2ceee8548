/** The first thing on home: one sentence, live counts, and the room as a plan. */
import { StateIcon } from '@/components/state-mark';
import { Keys } from '@/components/ui/kbd';
import { Pit } from '@/features/agents/pit';
import { plural } from '@/lib/format';
import { type Group, groupOf, nextInNeed, type Ranked } from '@/lib/need';
import { isLive, type Look } from '@/lib/states';
import { usePhone, useTouch } from '@/lib/use-media';
import { useOpenAgent } from '../use-room';

export function Overview({ ranked, plans }: { ranked: readonly Ranked[]; plans: number }) {
  const openAgent = useOpenAgent();
  const phone = usePhone();
  const touch = useTouch();
  const agents = ranked.map(({ agent }) => agent);
  const count = (group: Group) => ranked.filter(({ need }) => groupOf(need) === group).length;
  const needs = count('needs') + plans;
  const busy = count('busy');
  const next = nextInNeed(ranked, null);
  const headline =
    needs > 0
      ? `${plural(needs, 'thing')} ${needs === 1 ? 'needs' : 'need'} you.`
      : busy > 0
        ? 'All is going on without you.'
        : agents.some(isLive)
          ? 'Everyone waits for work.'
          : 'The room is empty.';
  return (
    <section className="flex flex-wrap items-center gap-x-10 gap-y-4">
      <div className="min-w-56 flex-1">
        <h1 className="font-semibold text-xl tracking-tight">{headline}</h1>
        <ul className="mt-2.5 flex flex-wrap gap-x-5 gap-y-1.5 text-ink-2 text-sm">
          {needs > 0 && <Tally look="waiting" count={needs} word="waiting for you" />}
          <Tally look="busy" count={busy} word="busy" />
          <Tally look="idle" count={count('idle')} word="idle" />
        </ul>
        {next && !touch && (
          <p className="mt-3 flex items-center gap-2 text-ink-3 text-sm">
            <Keys keys="n" /> goes to the next one, from anywhere
          </p>
        )}
      </div>
      {/* On the phone the list of what waits is worth more than the picture. */}
      {!(phone && needs > 0) && (
        <div className="w-full max-w-[320px] phone:mx-auto">
          <Pit agents={agents} onOpen={(agent) => openAgent(agent)} />
        </div>
      )}
    </section>
  );
}

function Tally({ look, count, word }: { look: Look; count: number; word: string }) {
  return (
    <li className="nums flex items-center gap-1.5">
      <StateIcon look={count ? look : 'pending'} size={12} />
      {count} {word}
    </li>
  );
}
