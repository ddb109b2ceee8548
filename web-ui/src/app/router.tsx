/** The address is the selection: every view can be sent to a colleague. */
import { createRootRoute, createRoute, createRouter, Link, Outlet } from '@tanstack/react-router';
import { Empty } from '@/components/ui/states';
import { SettingsPage } from '@/features/settings/settings-page';
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
const settings = createRoute({ getParentRoute: () => shell, path: '/settings', component: SettingsRoute });

const routeTree = root.addChildren([
  shell.addChildren([home, approvals, chat, agent, wall, tasks.addChildren([task]), settings]),
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

function SettingsRoute() {
  const { config, logout } = useSession();
  const phone = usePhone();
  return (
    <>
      {phone && <PhoneHead title="Settings" />}
      <div className="scroll-y min-h-0 flex-1">
        <SettingsPage
          local={config.login === 'local'}
          version={config.version}
          onLogout={() => void logout()}
        />
      </div>
    </>
  );
}

function NotFound() {
  return (
    <Empty
      title="There is no such page"
      action={
        <Link to="/" className="text-accent underline">
          Back home
        </Link>
      }
    >
      The address may be old or mistyped.
    </Empty>
  );
}
