/** This browser's own part in web push: what it can do, and its subscription at its push service. */
import type {
  Page,
  PushDelivery,
  PushKinds,
  PushSubscribeRequest,
  PushSubscriptions,
  PushSubscription as Told,
} from '@/protocol/types';
import { browserLabel } from './browser-label';
import type { Api } from './http';
import { load, save } from './storage';

/** Why this browser cannot be told, or that it can. */
export type Ability = 'insecure' | 'install' | 'unsupported' | 'denied' | 'able';

const SUBSCRIPTIONS = '/api/push/subscriptions';
/** What this browser knows of itself: kept until it logs out. */
const OWN = 'push';

interface Own {
  /** The id that the daemon gave. */
  id: string;
  /** A hash of the endpoint: the endpoint itself is a secret of a kind and stays out of the storage. */
  endpoint: string;
  kinds: PushKinds;
}

export function ability(): Ability {
  if (!window.isSecureContext) return 'insecure';
  if (!('serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window)) {
    const { userAgent, maxTouchPoints } = navigator;
    const ios = /iPhone|iPad/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1);
    return ios ? 'install' : 'unsupported';
  }
  return Notification.permission === 'denied' ? 'denied' : 'able';
}

export function readTold(api: Api, signal?: AbortSignal): Promise<PushSubscriptions> {
  return api.get<PushSubscriptions>(SUBSCRIPTIONS, signal);
}

export async function readDeliveries(api: Api, signal?: AbortSignal): Promise<PushDelivery[]> {
  return (await api.get<Page<PushDelivery>>('/api/push/deliveries?limit=30', signal)).items;
}

/** This browser in the daemon's list, if it is there. */
export function own(told: readonly Told[]): Told | undefined {
  const here = load<Own | null>(OWN, null);
  return told.find((one) => one.id === here?.id);
}

/** Asks the person if need be, subscribes at the push service and tells the daemon. Also changes the switches. */
export async function tellHere(api: Api, publicKey: string, kinds: PushKinds): Promise<Told> {
  // In the click itself: some browsers ask only then.
  const allowed = await Notification.requestPermission();
  if (allowed !== 'granted') throw new Error('The browser does not let this page show notifications.');
  const registration = await navigator.serviceWorker.getRegistration();
  if (!registration?.active) throw new Error('The page is not ready for it yet. Load it again, then try.');
  const key = bytes(publicKey);
  const before = await registration.pushManager.getSubscription();
  const same = before !== null && sameKey(before.options.applicationServerKey, key);
  // A daemon that lost its key is a new one to the push service.
  if (before && !same) await before.unsubscribe();
  const options = { userVisibleOnly: true, applicationServerKey: key };
  const subscription = same ? before : await registration.pushManager.subscribe(options).catch(noService);
  const told = await api.post<Told>(SUBSCRIPTIONS, request(subscription, kinds));
  save(OWN, { id: told.id, endpoint: await digest(subscription.endpoint), kinds } satisfies Own);
  return told;
}

/** Ends it here; the daemon hears of it, and the push service too where it can be reached. */
export async function stopHere(api: Api): Promise<void> {
  const here = load<Own | null>(OWN, null);
  save(OWN, null);
  const registration = await navigator.serviceWorker?.getRegistration();
  const subscription = await registration?.pushManager?.getSubscription();
  await subscription?.unsubscribe().catch(() => false);
  if (here) await api.delete(`${SUBSCRIPTIONS}/${encodeURIComponent(here.id)}`).catch(() => undefined);
}

/** The daemon forgets a browser whose login ended, and a push service may move one: mended when the page opens. */
export async function keepTelling(api: Api): Promise<void> {
  const here = load<Own | null>(OWN, null);
  if (!here || ability() !== 'able' || Notification.permission !== 'granted') return;
  const { items, public_key } = await readTold(api);
  const known = own(items);
  const registration = await navigator.serviceWorker.getRegistration();
  const endpoint = (await registration?.pushManager.getSubscription())?.endpoint;
  if (known?.current && endpoint && here.endpoint === (await digest(endpoint))) return;
  await tellHere(api, public_key, known?.kinds ?? here.kinds);
}

export const EVERYTHING: PushKinds = { approvals: true, questions: true, failures: true, results: true };

function request(subscription: PushSubscription, kinds: PushKinds): PushSubscribeRequest {
  const { endpoint, keys } = subscription.toJSON();
  return {
    endpoint: endpoint ?? subscription.endpoint,
    keys: { p256dh: keys?.p256dh ?? '', auth: keys?.auth ?? '' },
    label: browserLabel(navigator.userAgent),
    kinds,
  };
}

function noService(error: unknown): never {
  const why = error instanceof Error ? ` (${error.message})` : '';
  throw new Error(`The browser could not reach its push service${why}. It needs the internet for that.`);
}

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function sameKey(known: ArrayBuffer | null, key: Uint8Array): boolean {
  const bytes = new Uint8Array(known ?? new ArrayBuffer(0));
  return bytes.length === key.length && bytes.every((byte, at) => byte === key[at]);
}

async function digest(text: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
