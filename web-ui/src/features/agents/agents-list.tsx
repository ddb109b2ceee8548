/** All agents in the order of need, in four groups; the ended fold away. */
import { ChevronRight, Plus } from 'lucide-react';
import { useRef, useState } from 'react';
import { Button } from '@/components/ui/button';
import { Keys } from '@/components/ui/kbd';
import { useMay } from '@/lib/client';
import { GROUP_TITLES, type Group, groupOf, type Ranked } from '@/lib/need';
import { useFlip } from '@/lib/use-flip';
import { useTouch } from '@/lib/use-media';
import type { Agent } from '@/protocol/types';
import { AgentRow } from './agent-row';

interface AgentsListProps {
  /** False when the list could not be read: then nobody knows that there is no agent. */
  known: boolean;
  ranked: readonly Ranked[];
  selected: string | null;
  onOpen(agent: Agent): void;
  onSpawn(): void;
}

const GROUPS: Group[] = ['needs', 'busy', 'idle', 'ended'];
const ENDED_SHOWN = 30;

export function AgentsList({ known, ranked, selected, onOpen, onSpawn }: AgentsListProps) {
  const maySpawn = useMay('agents:spawn');
  const touch = useTouch();
  const area = useRef<HTMLDivElement>(null);
  useFlip(area, ranked.map(({ agent, need }) => agent.id + need).join());
  return (
    <nav aria-label="Agents" className="flex min-h-0 flex-1 flex-col">
      <div ref={area} className="scroll-y relative min-h-0 flex-1 px-2 py-2">
        {GROUPS.map((group) => (
          <GroupOf key={group} group={group} ranked={ranked} selected={selected} onOpen={onOpen} />
        ))}
        {ranked.length === 0 && (
          <p className="px-3 py-6 text-ink-3 text-sm">
            {known ? 'No agent yet.' : 'The list of agents could not be loaded.'}
          </p>
        )}
      </div>
      {maySpawn && (
        <div className="border-line border-t p-2">
          <Button variant="ghost" className="w-full justify-start" onClick={onSpawn}>
            <Plus size={15} /> New agent
            {!touch && (
              <span className="ml-auto">
                <Keys keys="s" />
              </span>
            )}
          </Button>
        </div>
      )}
    </nav>
  );
}

interface GroupProps {
  group: Group;
  ranked: readonly Ranked[];
  selected: string | null;
  onOpen(agent: Agent): void;
}

function GroupOf({ group, ranked, selected, onOpen }: GroupProps) {
  const folds = group === 'ended';
  const [open, setOpen] = useState(!folds);
  const members = ranked.filter(({ need }) => groupOf(need) === group);
  if (members.length === 0) return null;
  const heading = (
    <>
      <span className={group === 'needs' ? 'text-waiting' : ''}>{GROUP_TITLES[group]}</span>
      <span className="nums">{members.length}</span>
    </>
  );
  return (
    <section className="mb-3">
      {folds ? (
        <button
          type="button"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          className="label flex w-full items-center gap-2 px-3 py-1 touch:min-h-11"
        >
          <ChevronRight
            size={11}
            className={open ? 'rotate-90 transition-transform' : 'transition-transform'}
          />
          {heading}
        </button>
      ) : (
        <h2 className="label flex gap-2 px-3 py-1">{heading}</h2>
      )}
      {open && (
        <ul className="space-y-px">
          {members.slice(0, folds ? ENDED_SHOWN : undefined).map((each) => (
            <AgentRow
              key={each.agent.id}
              ranked={each}
              selected={each.agent.id === selected}
              onOpen={() => onOpen(each.agent)}
            />
          ))}
        </ul>
      )}
    </section>
  );
}
