/** What one can do to an agent, in one menu. */
import { Ellipsis, OctagonX, RotateCcw, Square } from 'lucide-react';
import { useState } from 'react';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Menu, MenuItem, MenuLine } from '@/components/ui/menu';
import { useMay } from '@/lib/client';
import { isLive } from '@/lib/states';
import type { Agent } from '@/protocol/types';
import { useAct, useKill } from './api';

export function AgentMenu({ agent, onOpen }: { agent: Agent; onOpen(agent: Agent): void }) {
  const interrupt = useAct('interrupt');
  const retry = useAct('retry', onOpen);
  const [killing, setKilling] = useState(false);
  const mayKill = useMay('agents:kill');
  const maySpawn = useMay('agents:spawn');
  if (!mayKill && !maySpawn) return null;
  return (
    <>
      <Menu
        trigger={
          <button
            type="button"
            aria-label={`Actions for ${agent.id}`}
            className="grid size-7 shrink-0 place-items-center rounded-md text-ink-3 hover:bg-hover hover:text-ink touch:size-11"
          >
            <Ellipsis size={16} />
          </button>
        }
      >
        <MenuItem
          icon={<Square size={13} />}
          disabled={!isLive(agent) || agent.activity.state !== 'busy' || !mayKill}
          onSelect={() => interrupt.mutate(agent.id)}
        >
          Interrupt this turn
        </MenuItem>
        <MenuItem
          icon={<RotateCcw size={14} />}
          disabled={isLive(agent) || !maySpawn}
          onSelect={() => retry.mutate(agent.id)}
        >
          Start it again
        </MenuItem>
        <MenuLine />
        <MenuItem
          icon={<OctagonX size={14} className="text-failed" />}
          danger
          disabled={!isLive(agent) || !mayKill}
          onSelect={() => setKilling(true)}
        >
          Kill {agent.id}
        </MenuItem>
      </Menu>
      <KillDialog agent={agent} open={killing} onClose={() => setKilling(false)} />
    </>
  );
}

/** A process cannot be brought back, so this one act asks; Enter says yes. */
export function KillDialog({ agent, open, onClose }: { agent: Agent; open: boolean; onClose(): void }) {
  const kill = useKill();
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={`Kill ${agent.id}?`}
      lead="Its process and everything it started end now. Files it has written stay."
    >
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Leave it running</Button>
        <Button
          variant="danger"
          data-autofocus
          onClick={() => {
            kill.mutate(agent.id);
            onClose();
          }}
        >
          Kill {agent.id}
        </Button>
      </div>
    </Dialog>
  );
}
