/** The address is the selection: every view can be sent to a colleague. */
import { createRootRoute, createRoute, createRouter, Link, Outlet } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Empty, Skeleton } from '@/components/ui/states';
import { readFilter, type SessionFilter } from '@/features/sessions/filter';
import { useMay } from '@/lib/client';
import { usePhone } from '@/lib/use-media';
import {
  AdminPage,
  AgentPage,
  ApprovalsPage,
  AuditPage,
  ChatPage,
  DaemonSettings,
  SessionPage,
  SessionsPage,
  SettingsPage,
  TaskPage,
  TasksPage,
  WallPage,
  WorktreesPage,
} from './pages';
import { Home } from './routes/home';
import { PhoneHead } from './routes/phone-head';
import type { TasksSearch } from './routes/tasks-head';
import { useSession } from './session';
import { Shell } from './shell/shell';

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });
const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell });

const home = createRoute({ getParentRoute: () => shell, path: '/', component: Home });
const chat = createRoute({
  getParentRoute: () => shell,
  path: '/chat',
  component: ChatPage,
  validateSearch: (search: Record<string, unknown>): { beside?: string } =>
    typeof search.beside === 'string' ? { beside: search.beside } : {},
});
const agent = createRoute({
  getParentRoute: () => shell,
  path: '/agents/$agentId',
  component: AgentPage,
  validateSearch: agentSearch,
});
const wall = createRoute({ getParentRoute: () => shell, path: '/wall', component: WallPage });
const approvals = createRoute({
  getParentRoute: () => shell,
  path: '/approvals',
  component: ApprovalsPage,
});
const tasks = createRoute({
  getParentRoute: () => shell,
  path: '/tasks',
  component: TasksPage,
  validateSearch: tasksSearch,
});
const task = createRoute({ getParentRoute: () => tasks, path: '/$taskId', component: TaskPage });
const sessions = createRoute({
  getParentRoute: () => shell,
  path: '/sessions',
  component: SessionsPage,
  validateSearch: sessionsSearch,
});
const session = createRoute({
  getParentRoute: () => sessions,
  path: '/$sessionId',
  component: SessionPage,
});
const worktrees = createRoute({ getParentRoute: () => shell, path: '/worktrees', component: WorktreesPage });
const worktree = createRoute({
  getParentRoute: () => worktrees,
  path: '/$worktreeId',
  component: () => null,
});
const settings = createRoute({ getParentRoute: () => shell, path: '/settings', component: SettingsRoute });

const admin = createRoute({ getParentRoute: () => shell, path: '/admin', component: AdminRoute });
const daemonSettings = createRoute({
  getParentRoute: () => shell,
  path: '/admin/settings',
  component: DaemonSettingsRoute,
});
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
    worktrees.addChildren([worktree]),
    settings,
    admin,
    daemonSettings,
    audit,
  ]),
]);

export const router = createRouter({
  routeTree,
  scrollRestoration: false,
  defaultPendingComponent: () => <Skeleton rows={8} waitingFor="this page" />,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

/** `with` names the agents whose terminals stand beside, joined by commas. */
function agentSearch(search: Record<string, unknown>): {
  view?: 'chat' | 'terminal' | 'recording';
  with?: string;
  at?: string;
} {
  return {
    ...(search.view === 'chat' || search.view === 'recording' ? { view: search.view } : {}),
    ...(typeof search.with === 'string' && search.with ? { with: search.with } : {}),
    ...(search.view === 'recording' && typeof search.at === 'string' ? { at: search.at } : {}),
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

/** A page that scrolls as a whole. */
function Plain({ title, children }: { title: string; children: ReactNode }) {
  const phone = usePhone();
  return (
    <>
      {phone && <PhoneHead title={title} />}
      <div className="scroll-y min-h-0 flex-1">{children}</div>
    </>
  );
}

function SettingsRoute() {
  const { config, logout } = useSession();
  return (
    <Plain title="Settings">
      <SettingsPage
        local={config.login === 'local'}
        version={config.version}
        onLogout={() => void logout()}
      />
      <AdminLinks />
    </Plain>
  );
}

function AdminLinks() {
  const people = useMay('users:manage');
  const record = useMay('audit:read');
  const daemon = useMay('settings:manage');
  if (!people && !record && !daemon) return null;
  const link = 'flex items-center text-accent underline touch:min-h-11';
  return (
    <nav
      aria-label="Administration"
      className="mx-auto flex w-full max-w-2xl flex-wrap gap-x-5 px-5 pb-8 text-sm"
    >
      {people && (
        <Link to="/admin" className={link}>
          People
        </Link>
      )}
      {record && (
        <Link to="/audit" className={link}>
          Audit
        </Link>
      )}
      {daemon && (
        <Link to="/admin/settings" className={link}>
          Settings of the daemon
        </Link>
      )}
    </nav>
  );
}

function AdminRoute() {
  const { config } = useSession();
  return (
    <Plain title="People">
      <AdminPage local={config.login === 'local'} />
    </Plain>
  );
}

function DaemonSettingsRoute() {
  return (
    <Plain title="Daemon">
      <DaemonSettings />
    </Plain>
  );
}

function AuditRoute() {
  return (
    <Plain title="Audit">
      <AuditPage />
    </Plain>
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
