/** Lets the page be installed and open without a connection. */
import { trustedScript } from './trusted-script';

export function startServiceWorker(): void {
  if (!('serviceWorker' in navigator) || !window.isSecureContext) return;
  // Without it everything works, only not without a connection.
  navigator.serviceWorker.register(trustedScript('/sw.js')).catch(() => undefined);
}
