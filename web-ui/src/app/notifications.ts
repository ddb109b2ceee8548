/** Notifications beside the page: a click on one leads here, and this browser goes on being told. */
import type { Api } from '@/lib/http';
import { load } from '@/lib/storage';
import { router } from './router';

/** Follows clicks on notifications until the function that it gives back is called. */
export function followNotifications(api: Api): () => void {
  const { serviceWorker } = navigator;
  const open = ({ data }: MessageEvent<unknown>) => {
    const link = linkOf(data);
    if (link) router.history.push(link);
  };
  serviceWorker?.addEventListener('message', open);
  // Most browsers are not told: they need no code for it.
  if (load('push', null)) {
    void import('@/lib/push').then(({ keepTelling }) => keepTelling(api)).catch(() => undefined);
  }
  return () => serviceWorker?.removeEventListener('message', open);
}

export async function stopTelling(api: Api): Promise<void> {
  if (!load('push', null)) return;
  // Whatever fails, the person gets out; the daemon tells no browser whose login ended.
  await import('@/lib/push').then(({ stopHere }) => stopHere(api)).catch(() => undefined);
}

/** What was answered here needs no notification any more: the one that this browser shows goes at once. */
export async function withdrawNotification(tag: string): Promise<void> {
  if (!load('push', null)) return;
  const registration = await navigator.serviceWorker?.getRegistration();
  for (const shown of (await registration?.getNotifications({ tag })) ?? []) shown.close();
}

function linkOf(data: unknown): string | null {
  if (typeof data !== 'object' || data === null || !('type' in data && 'link' in data)) return null;
  const { type, link } = data;
  return type === 'open' && typeof link === 'string' && /^\/(?![/\\])/.test(link) ? link : null;
}
