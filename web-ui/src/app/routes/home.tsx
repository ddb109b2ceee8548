/** Home: who needs me, what is each doing, is it going well. */
import { lazy, type ReactNode, Suspense } from 'react';
import { Failed, Skeleton } from '@/components/ui/states';
import { AgentRow } from '@/features/agents/agent-row';
import { ApprovalCard } from '@/features/approvals/approval-card';
import { PlanCard } from '@/features/tasks/plan-card';
import { GROUP_TITLES, groupOf, type Ranked } from '@/lib/need';
import { awaitsApproval } from '@/lib/states';
import { useMedia, usePhone } from '@/lib/use-media';
import { useLayout } from '../layout-store';
import {
  useAgents,
  useApprovalsWaiting,
  useOpenAgent,
  useOpenTask,
  usePlansWaiting,
  useTasks,
} from '../use-room';
import { LiveTask } from './live-task';
import { NeedCard } from './need-card';
import { Overview } from './overview';
import { PhoneHead } from './phone-head';
import { WorkingRow } from './working-row';

// Seen once: the first minute.
const Welcome = lazy(async () => ({ default: (await import('./welcome')).Welcome }));
const RECENT = 6;

export function Home() {
  const agents = useAgents();
  const phone = usePhone();
  return (
    <>
      {phone && <PhoneHead title="Orchestra" />}
      {agents.isPending ? (
        <Skeleton rows={6} waitingFor="the room" />
      ) : agents.isError ? (
        <>
          <h1 className="sr-only">Home</h1>
          <Failed error={agents.error} retry={() => void agents.refetch()} />
        </>
      ) : agents.ranked.length === 0 ? (
        <Suspense fallback={<Skeleton rows={4} waitingFor="the first steps" />}>
          <Welcome />
        </Suspense>
      ) : (
        <Room ranked={agents.ranked} />
      )}
    </>
  );
}

function Room({ ranked }: { ranked: readonly Ranked[] }) {
  const tasks = useTasks().data ?? [];
  const plans = usePlansWaiting();
  const phone = usePhone();
  const openTask = useOpenTask();
  const approvals = useApprovalsWaiting();
  const openAgent = useOpenAgent();
  // Whoever asks in the inbox is answered there.
  const needy = ranked.filter(
    ({ agent, need }) => groupOf(need) === 'needs' && !approvals.some((one) => one.agent_id === agent.id),
  );
  const busy = ranked.filter(({ need }) => need === 'busy');
  const recent = tasks.filter((task) => !awaitsApproval(task)).slice(0, RECENT);
  const waiting: ReactNode[] = [
    ...approvals.map((one) => (
      <ApprovalCard
        key={one.id}
        approval={one}
        compact
        onTerminal={(id) => openAgent({ id })}
        onTask={(id) => openTask({ id })}
      />
    )),
    ...plans.map((plan) => (
      <PlanCard
        key={plan.map((task) => task.id).join()}
        taskIds={plan.map((task) => task.id)}
        tasks={plan}
        onOpen={openTask}
      />
    )),
    ...needy.map((each) => <NeedCard key={each.agent.id} ranked={each} />),
  ];
  return (
    <div className="scroll-y min-h-0 flex-1">
      <div className="mx-auto w-full max-w-5xl space-y-8 px-4 py-5 min-[700px]:px-8 min-[700px]:py-7">
        <Overview ranked={ranked} plans={plans.length} />
        {waiting.length > 0 && (
          <Section title="needs you" urgent>
            <Columns>{waiting}</Columns>
          </Section>
        )}
        {phone ? (
          <PhoneGroups ranked={ranked} />
        ) : (
          busy.length > 0 && (
            <Section title="at work">
              <ul className="grid gap-x-3 gap-y-px overflow-hidden rounded-lg border border-line bg-surface py-1 [grid-template-columns:repeat(auto-fill,minmax(min(100%,400px),1fr))]">
                {busy.map(({ agent }) => (
                  <WorkingRow key={agent.id} agent={agent} />
                ))}
              </ul>
            </Section>
          )
        )}
        {recent.length > 0 && (
          <Section title="latest tasks">
            <Columns>
              {recent.map((task) => (
                <LiveTask key={task.id} task={task} />
              ))}
            </Columns>
          </Section>
        )}
      </div>
    </div>
  );
}

function Section({ title, urgent, children }: { title: string; urgent?: boolean; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h2 className={urgent ? 'label mb-2 text-waiting!' : 'label mb-2'}>{title}</h2>
      {children}
    </section>
  );
}

/** Cards of unlike heights without holes; the order still goes from left to right. */
function Columns({ children }: { children: ReactNode[] }) {
  const two = useMedia('(min-width: 1000px)') && children.length > 1;
  const columns = two ? [0, 1] : [0];
  return (
    <div className="flex items-start gap-3">
      {columns.map((column) => (
        <div key={column} className="flex min-w-0 flex-1 flex-col gap-3">
          {children.filter((_, at) => at % columns.length === column)}
        </div>
      ))}
    </div>
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
