/** How a found session is shown: its state, what one may do with it, and its figures in words. */
import { dollars, plural, tokens } from '@/lib/format';
import type { Shown } from '@/lib/states';
import type { Progress, TokenUsage, Transcript } from '@/protocol/types';

export function showSession({ live, status, agent_id }: Transcript): Shown {
  if (!live) return { look: 'ended', word: 'ended' };
  if (status === 'busy') return { look: 'busy', word: 'busy' };
  if (status === 'waiting') return { look: 'waiting', word: 'waiting' };
  if (status === 'idle') return { look: 'idle', word: 'idle' };
  return { look: 'starting', word: agent_id ? 'live' : 'live elsewhere' };
}

export type Offer =
  | { act: 'open'; agentId: string }
  | { act: 'resume' }
  /** Somebody else writes to it: a copy may go on. */
  | { act: 'fork'; why: string }
  | { act: 'none'; why: string };

/** What one tap does with a session. */
export function offerOf(session: Transcript): Offer {
  if (session.live && session.agent_id) return { act: 'open', agentId: session.agent_id };
  if (session.resumable) return { act: 'resume' };
  const why = session.not_resumable ?? 'its CLI cannot go on with it';
  return session.live ? { act: 'fork', why } : { act: 'none', why };
}

/** All tokens that went through the model, cached ones too. */
export function allTokens(usage: TokenUsage): number {
  return usage.input_tokens + usage.output_tokens + usage.cache_write_tokens + usage.cache_read_tokens;
}

/** A price, or that there is none to be known. */
export function costWord(session: Pick<Transcript, 'cost_usd' | 'usage'>): string {
  if (session.cost_usd !== null) return dollars(session.cost_usd);
  return session.usage === null ? 'not read yet' : 'cost unknown';
}

export function usageWords(usage: TokenUsage): string {
  const cached = usage.cache_read_tokens + usage.cache_write_tokens;
  const parts = [`${tokens(usage.input_tokens)} in`, `${tokens(usage.output_tokens)} out`];
  if (cached > 0) parts.push(`${tokens(cached)} cached`);
  return parts.join(' · ');
}

export function countWords({ messages, tool_calls }: Transcript): string {
  if (messages === null) return 'not read yet';
  const calls = tool_calls ? `, ${plural(tool_calls, 'call')}` : '';
  return plural(messages, 'message') + calls;
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

/** `512 B`, `1.4 MB`. */
export function size(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** Share that was read, from 0 to 1; null when there is nothing left to say. */
export function shareRead(progress: Progress): number | null {
  if (progress.listed && progress.read) return null;
  const read = progress.summed ? progress.read_bytes : progress.summed_bytes;
  return progress.bytes === 0 ? 0 : Math.min(1, read / progress.bytes);
}
