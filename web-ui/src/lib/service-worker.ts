/** Lets the page be installed and open without a connection. The one Trusted Types policy names the one script it may start. */

const SCRIPT = '/sw.js';

interface Policies {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): {
    createScriptURL(url: string): string;
  };
}

export function startServiceWorker(): void {
  if (!('serviceWorker' in navigator) || !window.isSecureContext) return;
  const policies = (window as { trustedTypes?: Policies }).trustedTypes;
  const policy = policies?.createPolicy('orchestra', {
    createScriptURL(url) {
      if (url !== SCRIPT) throw new TypeError(`${url} is not a script of this page`);
      return url;
    },
  });
  const url = policy ? policy.createScriptURL(SCRIPT) : SCRIPT;
  // Without it everything works, only not without a connection.
  navigator.serviceWorker.register(url).catch(() => undefined);
}
