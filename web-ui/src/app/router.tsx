/** The address is the selection: every view can be sent to a colleague. */
import { createRootRoute, createRoute, createRouter, Link, Outlet } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { Empty, Skeleton } from '@/components/ui/states';
import { readFilter, type SessionFilter } from '@/features/sessions/filter';
import { useMay } from '@/lib/client';
import { usePhone } from '@/lib/use-media';
import { AgentRoute } from './routes/agent';
import { ApprovalsRoute } from './routes/approvals';
import { ChatRoute } from './routes/chat';
import { Home } from './routes/home';
import { PhoneHead } from './routes/phone-head';
import { TaskRoute, TasksRoute } from './routes/tasks';
import type { TasksSearch } from './routes/tasks-head';
import { WallRoute } from './routes/wall';
import { useSession } from './session';
import { Shell } from './shell/shell';

const SessionsView = lazy(() => import('./routes/sessions'));
const SessionView = lazy(() => import('./routes/session'));
const SettingsPage = lazy(async () => ({
  default: (await import('@/features/settings/settings-page')).SettingsPage,
}));
const AdminPage = lazy(async () => ({ default: (await import('@/features/admin/admin-page')).AdminPage }));
const AuditView = lazy(() => import('./routes/audit'));

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });
const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell });

const home = createRoute({ getParentRoute: () => shell, path: '/', component: Home });
const chat = createRoute({
  getParentRoute: () => shell,
  path: '/chat',
  component: ChatRoute,
  validateSearch: (search: Record<string, unknown>): { beside?: string } =>
    typeof search.beside === 'string' ? { beside: search.beside } : {},
});
const agent = createRoute({
  getParentRoute: () => shell,
  path: '/agents/$agentId',
  component: AgentRoute,
  validateSearch: agentSearch,
});
const wall = createRoute({ getParentRoute: () => shell, path: '/wall', component: WallRoute });
const approvals = createRoute({
  getParentRoute: () => shell,
  path: '/approvals',
  component: ApprovalsRoute,
});
const tasks = createRoute({
  getParentRoute: () => shell,
  path: '/tasks',
  component: TasksRoute,
  validateSearch: tasksSearch,
});
const task = createRoute({ getParentRoute: () => tasks, path: '/$taskId', component: TaskRoute });
const sessions = createRoute({
  getParentRoute: () => shell,
  path: '/sessions',
  component: () => (
    <Suspense fallback={<Skeleton rows={8} waitingFor="the list of sessions" />}>
      <SessionsView />
    </Suspense>
  ),
  validateSearch: sessionsSearch,
});
const session = createRoute({
  getParentRoute: () => sessions,
  path: '/$sessionId',
  component: () => (
    <Suspense fallback={<Skeleton rows={7} waitingFor="the session" />}>
      <SessionView />
    </Suspense>
  ),
});
const settings = createRoute({ getParentRoute: () => shell, path: '/settings', component: SettingsRoute });

const admin = createRoute({ getParentRoute: () => shell, path: '/admin', component: AdminRoute });
const audit = createRoute({ getParentRoute: () => shell, path: '/audit', component: AuditRoute });

const routeTree = root.addChildren([
  shell.addChildren([
    home,
    approvals,
    chat,
    agent,
    wall,
    tasks.addChildren([task]),
    sessions.addChildren([session]),
    settings,
    admin,
    audit,
  ]),
]);

export const router = createRouter({ routeTree, scrollRestoration: false });

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

/** `with` names the agents whose terminals stand beside, joined by commas. */
function agentSearch(search: Record<string, unknown>): {
  view?: 'chat' | 'terminal' | 'recording';
  with?: string;
} {
  return {
    ...(search.view === 'chat' || search.view === 'recording' ? { view: search.view } : {}),
    ...(typeof search.with === 'string' && search.with ? { with: search.with } : {}),
  };
}

function tasksSearch({ filter, q, view }: Record<string, unknown>): TasksSearch {
  return {
    ...(filter === 'open' || filter === 'done' || filter === 'failed' ? { filter } : {}),
    // The router reads `q=12` as a number.
    ...(typeof q === 'string' || typeof q === 'number' ? { q: String(q) } : {}),
    ...(view === 'graph' ? { view } : {}),
  };
}

/** `at` names an entry of the open session, or its end. */
function sessionsSearch(search: Record<string, unknown>): SessionFilter & { at?: number | 'end' } {
  const at = search.at === 'end' ? search.at : Number(search.at ?? Number.NaN);
  return { ...readFilter(search), ...(at === 'end' || (Number.isInteger(at) && at >= 0) ? { at } : {}) };
}

function SettingsRoute() {
  const { config, logout } = useSession();
  const phone = usePhone();
  return (
    <>
      {phone && <PhoneHead title="Settings" />}
      <div className="scroll-y min-h-0 flex-1">
        <Suspense fallback={<Skeleton rows={8} waitingFor="the settings" />}>
          <SettingsPage
            local={config.login === 'local'}
            version={config.version}
            onLogout={() => void logout()}
          />
        </Suspense>
        <AdminLinks />
      </div>
    </>
  );
}

function AdminLinks() {
  const people = useMay('users:manage');
  const record = useMay('audit:read');
  if (!people && !record) return null;
  return (
    <nav aria-label="Administration" className="mx-auto flex w-full max-w-2xl gap-5 px-5 pb-8 text-sm">
      {people && (
        <Link to="/admin" className="flex items-center text-accent underline touch:min-h-11">
          People
        </Link>
      )}
      {record && (
        <Link to="/audit" className="flex items-center text-accent underline touch:min-h-11">
          Audit
        </Link>
      )}
    </nav>
  );
}

function AdminRoute() {
  const { config } = useSession();
  return (
    <div className="scroll-y min-h-0 flex-1">
      <Suspense fallback={<Skeleton rows={8} waitingFor="the people" />}>
        <AdminPage local={config.login === 'local'} />
      </Suspense>
    </div>
  );
}

function AuditRoute() {
  return (
    <div className="scroll-y min-h-0 flex-1">
      <Suspense fallback={<Skeleton rows={8} waitingFor="the record" />}>
        <AuditView />
      </Suspense>
    </div>
  );
}

function NotFound() {
  return (
    <Empty
      title="There is no such page"
      action={
        <Link to="/" className="flex items-center text-accent underline touch:min-h-11">
          Back home
        </Link>
      }
    >
      The address may be old or mistyped.
    </Empty>
  );
}
