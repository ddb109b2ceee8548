/** The one Trusted Types policy: it names the scripts that this page may start beside itself. */

interface Policy {
  createScriptURL(url: string): string;
}

const ALLOWED = /^\/(?:sw\.js|assets\/paint-worker-[\w-]+\.js)$/;
let policy: Policy | null | undefined;

/** The address as the browser wants it; throws for a script that is none of this page's own. */
export function trustedScript(url: string): string {
  policy ??= make();
  if (policy) return policy.createScriptURL(url);
  return checked(url);
}

function make(): Policy | null {
  const policies = (window as { trustedTypes?: { createPolicy(name: string, rules: Policy): Policy } })
    .trustedTypes;
  return policies?.createPolicy('orchestra', { createScriptURL: checked }) ?? null;
}

function checked(url: string): string {
  // Vite serves pieces under other names while one develops.
  if (!ALLOWED.test(url) && !import.meta.env.DEV) throw new TypeError(`${url} is not a script of this page`);
  return url;
}
