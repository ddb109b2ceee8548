/** The places that are loaded when one goes there; the rest of the first screen does not wait for them. */
import { type FunctionComponent, type LazyExoticComponent, lazy } from 'react';

const loads: (() => Promise<unknown>)[] = [];

/** A component in a piece of its own; the router shows a skeleton until it is there. */
function page<P>(
  load: () => Promise<{ default: FunctionComponent<P> }>,
): LazyExoticComponent<FunctionComponent<P>> {
  loads.push(load);
  return lazy(load);
}

export const AgentPage = page(() => import('./routes/agent'));
export const ApprovalsPage = page(() => import('./routes/approvals'));
export const ChatPage = page(() => import('./routes/chat'));
export const WallPage = page(() => import('./routes/wall'));
export const TasksPage = page(() => import('./routes/tasks'));
export const TaskPage = page(() => import('./routes/task'));
export const SessionsPage = page(() => import('./routes/sessions'));
export const SessionPage = page(() => import('./routes/session'));
export const WorktreesPage = page(() => import('./routes/worktrees'));
export const SettingsPage = page(async () => ({
  default: (await import('@/features/settings/settings-page')).SettingsPage,
}));
export const AdminPage = page(async () => ({
  default: (await import('@/features/admin/admin-page')).AdminPage,
}));
export const DaemonSettings = page(async () => ({
  default: (await import('@/features/admin/daemon-settings')).DaemonSettings,
}));
export const AuditPage = page(() => import('./routes/audit'));

/** Fetches them one by one while nothing else is to be done: going there is then at once, without a connection too. */
export function warmPages(): void {
  const idle = (act: () => void) =>
    'requestIdleCallback' in window ? requestIdleCallback(act, { timeout: 5000 }) : setTimeout(act, 500);
  const next = (at: number) => {
    const load = loads[at];
    if (load)
      void load()
        .catch(() => undefined)
        .then(() => idle(() => next(at + 1)));
  };
  idle(() => next(0));
}
