/** Home: who needs me, what is each doing, is it going well. */
import { StateIcon } from '@/components/state-mark';
import { Failed, Skeleton } from '@/components/ui/states';
import { AgentRow } from '@/features/agents/agent-row';
import { Pit } from '@/features/agents/pit';
import { PlanCard } from '@/features/tasks/plan-card';
import { TaskCard } from '@/features/tasks/task-card';
import { plural } from '@/lib/format';
import { GROUP_TITLES, type Group, groupOf, type Ranked } from '@/lib/need';
import { awaitsApproval, isLive } from '@/lib/states';
import { usePhone } from '@/lib/use-media';
import type { Task } from '@/protocol/types';
import { useLayout } from '../layout-store';
import { useAgents, useOpenAgent, useOpenTask, useTasks } from '../use-room';
import { NeedCard } from './need-card';
import { PhoneHead } from './phone-head';
import { Welcome } from './welcome';

export function Home() {
  const agents = useAgents();
  const tasks = useTasks();
  const phone = usePhone();
  const openAgent = useOpenAgent();
  const openTask = useOpenTask();
  const { ranked } = agents;

  if (agents.isPending) return <Skeleton rows={6} waitingFor="the room" />;
  if (agents.isError) {
    return (
      <>
        {phone && <PhoneHead title="Orchestra" />}
        <h1 className="sr-only">Home</h1>
        <Failed error={agents.error} retry={() => void agents.refetch()} />
      </>
    );
  }
  if (ranked.length === 0) {
    return (
      <>
        {phone && <PhoneHead title="Orchestra" />}
        <Welcome />
      </>
    );
  }

  const needy = ranked.filter(({ need }) => groupOf(need) === 'needs');
  const plans = groupPlans((tasks.data ?? []).filter(awaitsApproval));
  const recent = (tasks.data ?? []).filter((task) => !awaitsApproval(task)).slice(0, 6);
  return (
    <>
      {phone && <PhoneHead title="Orchestra" />}
      <div className="scroll-y min-h-0 flex-1">
        <div className="mx-auto w-full max-w-5xl space-y-9 px-4 py-6 min-[700px]:px-8 min-[700px]:py-9">
          <Overview ranked={ranked} plans={plans.length} />
          {(needy.length > 0 || plans.length > 0) && (
            <section aria-label="Needs you">
              <h2 className="label mb-2 text-waiting">needs you</h2>
              <div className="grid items-start gap-3 [grid-template-columns:repeat(auto-fill,minmax(min(100%,360px),1fr))]">
                {plans.map((plan) => (
                  <PlanCard
                    key={plan.map((task) => task.id).join()}
                    taskIds={plan.map((task) => task.id)}
                    tasks={plan}
                    onOpen={openTask}
                  />
                ))}
                {needy.map((each) => (
                  <NeedCard key={each.agent.id} ranked={each} />
                ))}
              </div>
            </section>
          )}
          {phone && <PhoneGroups ranked={ranked} />}
          {recent.length > 0 && (
            <section aria-label="Latest tasks">
              <h2 className="label mb-2">latest tasks</h2>
              <div className="grid items-start gap-2 [grid-template-columns:repeat(auto-fill,minmax(min(100%,360px),1fr))]">
                {recent.map((task) => (
                  <TaskCard
                    key={task.id}
                    task={task}
                    onOpen={openTask}
                    onTerminal={(id) => openAgent({ id })}
                  />
                ))}
              </div>
            </section>
          )}
        </div>
      </div>
    </>
  );
}

/** Tasks that were proposed together are answered together. */
export function groupPlans(tasks: readonly Task[]): Task[][] {
  const plans = new Map<string, Task[]>();
  for (const task of [...tasks].sort((a, b) => a.id - b.id)) {
    // One proposal writes its tasks in one transaction, within the same second.
    const key = `${task.requested_by} ${task.created_at.slice(0, 19)}`;
    plans.set(key, [...(plans.get(key) ?? []), task]);
  }
  return [...plans.values()];
}

function Overview({ ranked, plans }: { ranked: readonly Ranked[]; plans: number }) {
  const openAgent = useOpenAgent();
  const agents = ranked.map(({ agent }) => agent);
  const count = (group: Group) => ranked.filter(({ need }) => groupOf(need) === group).length;
  const needs = count('needs') + plans;
  const busy = count('busy');
  const idle = count('idle');
  const headline =
    needs > 0
      ? `${plural(needs, 'thing')} ${needs === 1 ? 'needs' : 'need'} you.`
      : busy > 0
        ? 'All is going on without you.'
        : agents.some(isLive)
          ? 'Everyone waits for work.'
          : 'The room is empty.';
  return (
    <section className="flex flex-wrap items-end gap-x-10 gap-y-6">
      <div className="min-w-56 flex-1">
        <h1 className="font-semibold text-xl tracking-tight">{headline}</h1>
        <ul className="mt-3 flex flex-wrap gap-x-5 gap-y-1.5 text-ink-2 text-sm">
          <Tally look="busy" count={busy} word="busy" />
          <Tally look="idle" count={idle} word="idle" />
        </ul>
      </div>
      <div className="w-full max-w-[420px]">
        <Pit agents={agents} onOpen={(agent) => openAgent(agent)} />
      </div>
    </section>
  );
}

function Tally({ look, count, word }: { look: 'waiting' | 'busy' | 'idle'; count: number; word: string }) {
  return (
    <li className="nums flex items-center gap-1.5">
      <StateIcon look={count ? look : 'pending'} size={12} />
      {count} {word}
    </li>
  );
}

/** Where there is no list beside the stage, the list is part of home. */
function PhoneGroups({ ranked }: { ranked: readonly Ranked[] }) {
  const openAgent = useOpenAgent();
  const show = useLayout((state) => state.show);
  return (
    <section aria-label="Agents">
      {(['busy', 'idle', 'ended'] as const).map((group) => {
        const members = ranked.filter(({ need }) => groupOf(need) === group);
        if (members.length === 0) return null;
        return (
          <div key={group} className="mb-4">
            <h2 className="label mb-1">
              {GROUP_TITLES[group]} {members.length}
            </h2>
            <ul className="-mx-2">
              {members.slice(0, group === 'ended' ? 5 : undefined).map((each) => (
                <AgentRow
                  key={each.agent.id}
                  ranked={each}
                  selected={false}
                  onOpen={() => openAgent(each.agent)}
                />
              ))}
            </ul>
          </div>
        );
      })}
      <button
        type="button"
        onClick={() => show('spawn')}
        className="h-11 w-full rounded-md border border-line-strong text-sm active:bg-hover"
      >
        New agent
      </button>
    </section>
  );
}
