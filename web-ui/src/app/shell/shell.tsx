/** One frame for all places: rail, agents, stage, status line; on the phone, stage and tabs. */
import { Outlet, useParams, useRouterState } from '@tanstack/react-router';
import { clsx } from 'clsx';
import { lazy, Suspense, useEffect } from 'react';
import { Skeleton } from '@/components/ui/states';
import { AgentsList } from '@/features/agents/agents-list';
import { useResend } from '@/features/chat/api';
import { groupOf } from '@/lib/need';
import { usePhone } from '@/lib/use-media';
import { useLayout } from '../layout-store';
import { warmPages } from '../pages';
import { useAgents, useApprovalsWaiting, useOpenAgent, usePlansWaiting } from '../use-room';
import { ConnectionBanner, useStale } from './connection-banner';
import { BottomTabs, type Counts, Rail } from './rail';
import { useShortcuts } from './shortcuts';
import { StatusLine } from './status-line';

const Palette = lazy(() => import('./palette'));
const SpawnDialog = lazy(async () => ({
  default: (await import('@/features/agents/spawn-dialog')).SpawnDialog,
}));
const HelpSheet = lazy(async () => ({ default: (await import('./help-sheet')).HelpSheet }));

export function Shell() {
  const phone = usePhone();
  const { ranked, isPending, data } = useAgents();
  const plans = usePlansWaiting().length;
  const approvals = useApprovalsWaiting().length;
  const { dialog, show } = useLayout();
  const openAgent = useOpenAgent();
  const { agentId = null } = useParams({ strict: false });
  const needs = ranked.filter(({ need }) => groupOf(need) === 'needs').length;
  const counts = { needs: needs + plans, approvals, plans };
  const stale = useStale();
  useResend();
  useShortcuts();
  useBadges(needs + plans);
  useEffect(warmPages, []);

  return (
    <div className="flex h-dvh flex-col">
      <a
        href="#stage"
        className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-raised focus:px-3 focus:py-2"
      >
        Skip to the stage
      </a>
      <ConnectionBanner />
      <div className="flex min-h-0 flex-1">
        {!phone && (
          <>
            <Rail counts={counts} />
            <aside
              className={clsx(
                'flex w-[232px] shrink-0 flex-col border-line border-r bg-surface transition-[filter] duration-(--calm) desk:w-[264px]',
                stale && 'grayscale',
              )}
            >
              {isPending ? (
                <Skeleton rows={8} waitingFor="the list of agents" />
              ) : (
                <AgentsList
                  known={data !== undefined}
                  ranked={ranked}
                  selected={agentId}
                  onOpen={(agent) => openAgent(agent)}
                  onSpawn={() => show('spawn')}
                />
              )}
            </aside>
          </>
        )}
        <main id="stage" tabIndex={-1} className="flex min-w-0 flex-1 flex-col bg-desk outline-none">
          <Outlet />
        </main>
      </div>
      {phone ? <PhoneTabs counts={counts} /> : <StatusLine ranked={data && ranked} />}
      <Suspense fallback={null}>
        {dialog === 'spawn' && (
          <SpawnDialog open onClose={() => show(null)} onSpawned={(agent) => openAgent(agent)} />
        )}
        {dialog === 'help' && <HelpSheet open onClose={() => show(null)} />}
        {dialog === 'palette' && <Palette onClose={() => show(null)} />}
      </Suspense>
    </div>
  );
}

/** A terminal, a talk or a session needs the whole height of a phone; the way back is in its bar. */
function PhoneTabs({ counts }: { counts: Counts }) {
  const path = useRouterState({ select: (state) => state.location.pathname });
  if (path.startsWith('/agents/') || path.startsWith('/sessions/')) return null;
  return <BottomTabs counts={counts} />;
}

/** How much waits, where one sees it without looking: the tab's title, and the icon of the installed page. */
function useBadges(needs: number): void {
  useEffect(() => {
    document.title = needs ? `(${needs}) Orchestra` : 'Orchestra';
    if (!('setAppBadge' in navigator)) return;
    void (needs ? navigator.setAppBadge(needs) : navigator.clearAppBadge()).catch(() => undefined);
  }, [needs]);
}
