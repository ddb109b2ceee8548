/** Mounts the page. The one-time secret leaves the address before anything else runs. */
import './styles/index.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app';
import { openLogin } from './app/open-login';
import { takeSecret } from './features/auth/login';
import { startServiceWorker } from './lib/service-worker';

const secret = takeSecret(location, history);

// A new build was put in place under an open page: its old pieces are gone, so load the new ones.
window.addEventListener('vite:preloadError', () => {
  const key = 'orchestra.reloaded';
  if (Date.now() - Number(sessionStorage.getItem(key) ?? 0) < 60_000) return;
  sessionStorage.setItem(key, String(Date.now()));
  location.reload();
});

// A login link pasted into an open page changes only the fragment: load, so that it is taken.
window.addEventListener('hashchange', () => {
  if (location.hash.startsWith('#login=')) location.reload();
});

const opening = openLogin(secret);

if (import.meta.env.PROD) window.addEventListener('load', startServiceWorker);

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App opening={opening} secret={secret} />
    </StrictMode>,
  );
}
