// Keeps the page's own files, so that it opens without a connection and can say that there is none.
// Nothing the daemon answers under /api is ever kept: what is stale must never look fresh.
const CACHE = 'orchestra-shell-1';
const KEPT = 120;

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.add('/')));
  self.skipWaiting();
});

self.addEventListener('activate', (event) => {
  const old = (name) => name.startsWith('orchestra-') && name !== CACHE;
  const clear = async () => Promise.all((await caches.keys()).filter(old).map((name) => caches.delete(name)));
  event.waitUntil(clear().then(() => self.clients.claim()));
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (/^\/(api|ws|mcp|metrics)(\/|$)/.test(url.pathname)) return;
  if (url.pathname.startsWith('/assets/')) event.respondWith(kept(request));
  else event.respondWith(fresh(request, request.mode === 'navigate' ? '/' : request));
});

/** Names under assets/ carry a hash of their content, so what is kept is right for ever. */
async function kept(request) {
  const cache = await caches.open(CACHE);
  const found = await cache.match(request);
  if (found) return found;
  const response = await fetch(request);
  if (response.ok) {
    await cache.put(request, response.clone());
    await forget(cache);
  }
  return response;
}

/** The daemon's answer if there is one, else what it last said. */
async function fresh(request, key) {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request);
    if (response.ok && !response.redirected) await cache.put(key, response.clone());
    return response;
  } catch (error) {
    const found = await cache.match(key);
    if (found) return found;
    throw error;
  }
}

/** Files of earlier builds go, the oldest first. */
async function forget(cache) {
  const keys = await cache.keys();
  await Promise.all(keys.slice(0, Math.max(0, keys.length - KEPT)).map((key) => cache.delete(key)));
}

/** What the daemon sent. A page that is in front says it in its own way, and no second time here. */
self.addEventListener('push', (event) => event.waitUntil(show(event.data)));

async function show(data) {
  const said = read(data);
  if (said.kind === 'withdrawn') return withdraw(said);
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const watched = pages.some((page) => page.focused && page.visibilityState === 'visible');
  if (watched && said.kind !== 'test' && !demanding()) return;
  await self.registration.showNotification(said.title, {
    body: said.body,
    tag: said.tag,
    renotify: true,
    requireInteraction: said.kind === 'approval' || said.kind === 'question',
    timestamp: Date.parse(said.at) || Date.now(),
    icon: '/icons/icon-192.png',
    badge: '/icons/icon-192.png',
    data: { link: said.link },
  });
}

/** It was answered somewhere else: what this browser shows of it goes. */
async function withdraw({ title, body, tag, link }) {
  if (demanding()) {
    // In its place, without a sound.
    const quiet = { body, tag, silent: true, icon: '/icons/icon-192.png', data: { link } };
    return self.registration.showNotification(title, quiet);
  }
  for (const shown of await self.registration.getNotifications({ tag })) shown.close();
}

/** Safari takes the right away from a page that gets a message and shows nothing. */
function demanding() {
  const { userAgent } = self.navigator;
  return /AppleWebKit/.test(userAgent) && !/Chrom(e|ium)|CriOS/.test(userAgent);
}

function read(data) {
  const nothing = { title: 'Orchestra', body: 'Open the page to see what is new.', link: '/', tag: 'unread' };
  try {
    return { ...nothing, ...data.json() };
  } catch {
    return nothing;
  }
}

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(lead(event.notification.data?.link));
});

/** To the page that is open, else to a new one. Only paths of ours are followed. */
async function lead(link) {
  const path = typeof link === 'string' && /^\/(?![/\\])/.test(link) ? link : '/';
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const page = pages.find((one) => one.visibilityState === 'visible') ?? pages[0];
  if (!page) return self.clients.openWindow(path);
  page.postMessage({ type: 'open', link: path });
  // Only a person's click may bring a window to the front.
  await page.focus().catch(() => undefined);
}
