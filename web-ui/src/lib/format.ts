/** Times, durations, tokens and money as the page writes them. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `4s`, `2m`, `1h 20m`, `3d`: as long as it takes to say it. */
export function duration(ms: number): string {
  if (ms < 0) return '0s';
  if (ms < MINUTE) return `${Math.floor(ms / 1000)}s`;
  if (ms < 10 * MINUTE) {
    const seconds = Math.floor((ms % MINUTE) / 1000);
    return `${Math.floor(ms / MINUTE)}m${seconds ? ` ${seconds}s` : ''}`;
  }
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m`;
  if (ms < DAY) {
    const minutes = Math.floor((ms % HOUR) / MINUTE);
    return `${Math.floor(ms / HOUR)}h${minutes ? ` ${minutes}m` : ''}`;
  }
  return `${Math.floor(ms / DAY)}d`;
}

/** How long ago, in one short word. */
export function ago(iso: string, now: number): string {
  const ms = now - Date.parse(iso);
  if (Number.isNaN(ms)) return '';
  if (ms < 5_000) return 'now';
  if (ms < MINUTE) return `${Math.floor(ms / 1000)}s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h`;
  return `${Math.floor(ms / DAY)}d`;
}

const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

const DAY_OF = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });

export function day(iso: string): string {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? '' : DAY_OF.format(at);
}

/** True where a reader has to be told which day it is: the first time, and after midnight. */
export function otherDay(before: string | null | undefined, now: string | null): boolean {
  return now !== null && (!before || day(before) !== day(now));
}

export function exact(iso: string): string {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? iso : EXACT.format(at);
}

export function clock(iso: string): string {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? '' : CLOCK.format(at);
}

/** `950`, `12.4k`, `1.2M`. */
export function tokens(count: number): string {
  if (count < 1000) return String(count);
  if (count < 1_000_000) return `${(count / 1000).toFixed(count < 10_000 ? 1 : 0)}k`;
  return `${(count / 1_000_000).toFixed(1)}M`;
}

export function dollars(usd: number): string {
  return usd < 0.01 && usd > 0 ? '<$0.01' : `$${usd.toFixed(2)}`;
}

/** A path with the home folder shortened and, if long, only its last parts. */
export function shortPath(path: string, parts = 2): string {
  const home = path.replace(/^\/(?:home|Users)\/[^/]+/, '~').replace(/^\/root(?=\/|$)/, '~');
  const pieces = home.split('/');
  return pieces.length > parts + 1 ? `…/${pieces.slice(-parts).join('/')}` : home;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
