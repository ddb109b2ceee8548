/** Terminals that were opened, as tabs above the stage. */
import { Link, useNavigate } from '@tanstack/react-router';
import { clsx } from 'clsx';
import { X } from 'lucide-react';
import { StateIcon } from '@/components/state-mark';
import { showAgent } from '@/lib/states';
import type { Agent } from '@/protocol/types';
import { useLayout } from '../layout-store';

export function TabStrip({ agents, selected }: { agents: readonly Agent[]; selected: string | null }) {
  const tabs = useLayout((state) => state.tabs);
  const known = tabs
    .map((id) => agents.find((agent) => agent.id === id))
    .filter((agent) => agent !== undefined);
  if (known.length < 2) return null;
  return (
    <div className="flex h-9 shrink-0 items-stretch overflow-x-auto border-line border-b bg-desk [scrollbar-width:none] touch:h-[45px]">
      {known.map((agent) => (
        <Tab key={agent.id} agent={agent} selected={agent.id === selected} />
      ))}
    </div>
  );
}

function Tab({ agent, selected }: { agent: Agent; selected: boolean }) {
  const { tabs, closeTab } = useLayout();
  const navigate = useNavigate();
  const close = () => {
    const at = tabs.indexOf(agent.id);
    closeTab(agent.id);
    if (!selected) return;
    const next = tabs[at + 1] ?? tabs[at - 1];
    if (next) void navigate({ to: '/agents/$agentId', params: { agentId: next }, search: {} });
    else void navigate({ to: '/' });
  };
  return (
    <div
      className={clsx(
        'group flex shrink-0 items-center border-line border-r pr-1 pl-3',
        selected ? 'bg-surface text-ink' : 'text-ink-3 hover:text-ink',
      )}
    >
      <Link
        to="/agents/$agentId"
        params={{ agentId: agent.id }}
        search={{}}
        aria-current={selected ? 'page' : undefined}
        className="flex h-full items-center gap-2 font-mono text-[12.5px]"
        onAuxClick={(event) => event.button === 1 && close()}
      >
        <StateIcon look={showAgent(agent).look} size={12} />
        {agent.id}
      </Link>
      <button
        type="button"
        aria-label={`Close the tab of ${agent.id}`}
        onClick={close}
        className="ml-1 grid size-6 place-items-center rounded-sm opacity-0 hover:bg-hover focus-visible:opacity-100 group-hover:opacity-100 touch:size-11 touch:opacity-100"
      >
        <X size={13} />
      </button>
    </div>
  );
}
