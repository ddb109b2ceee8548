/** Small things kept in the browser: never a token. Everything lies under one prefix, so that logout can wipe it. */

const PREFIX = 'orchestra.';

function area(kind: 'local' | 'session'): Storage | null {
  try {
    return kind === 'local' ? globalThis.localStorage : globalThis.sessionStorage;
  } catch {
    return null;
  }
}

export function load<T>(key: string, fallback: T, kind: 'local' | 'session' = 'local'): T {
  try {
    const text = area(kind)?.getItem(PREFIX + key);
    return text ? (JSON.parse(text) as T) : fallback;
  } catch {
    return fallback;
  }
}

export function save(key: string, value: unknown, kind: 'local' | 'session' = 'local'): void {
  try {
    if (value === null || value === undefined || value === '') area(kind)?.removeItem(PREFIX + key);
    else area(kind)?.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    // A full or blocked storage loses a convenience, not work.
  }
}

/** Forgets everything but the theme, which belongs to the machine rather than the person. */
export function wipe(): void {
  for (const kind of ['local', 'session'] as const) {
    const storage = area(kind);
    for (const key of storage ? Object.keys(storage) : []) {
      if (key.startsWith(PREFIX) && key !== `${PREFIX}theme`) storage?.removeItem(key);
    }
  }
}
