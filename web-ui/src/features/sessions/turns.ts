/** Entries of a session put together as one reads them: who spoke, what each tool gave back, what a turn cost. */
import type { Entry, EntryRole, Part, TokenUsage } from '@/protocol/types';

export type Call = Extract<Part, { type: 'tool_call' }>;
export type CallResult = Extract<Part, { type: 'tool_result' }>;

/** One thing to show; `offset` is the entry that it stands in. */
export type Piece =
  | { kind: 'text' | 'thinking' | 'error' | 'note'; offset: number; text: string }
  | { kind: 'tool'; offset: number; call: Call; result: CallResult | null; resultAt: number | null }
  | { kind: 'result'; offset: number; result: CallResult };

/** What one side said and did until the other spoke. */
export interface Turn {
  offset: number;
  role: EntryRole;
  at: string | null;
  model: string | null;
  pieces: Piece[];
  usage: TokenUsage | null;
  /** Null where a price is not known. */
  cost_usd: number | null;
  /** Differs when anything in the turn does. */
  stamp: string;
}

/** What the CLIs put into a person's mouth. */
const ASIDE =
  /^\s*(<(command-|local-command-|bash-|system-reminder|environment_context|user_instructions|turn_aborted)|Caveat: )/;

export function turnsOf(entries: readonly Entry[]): Turn[] {
  const turns: Turn[] = [];
  const open = new Map<string, Extract<Piece, { kind: 'tool' }>>();
  for (const entry of entries) {
    const rest = entry.parts.filter((part) => !settle(part, entry.offset, open));
    if (rest.length === 0 && !entry.usage) continue;
    const role = roleOf(entry, rest);
    const last = turns.at(-1);
    const turn = last && last.role === role && role !== 'user' ? last : begin(turns, entry, role);
    for (const part of rest) turn.pieces.push(piece(part, entry.offset, open));
    turn.model ??= entry.model;
    turn.at ??= entry.at;
    spend(turn, entry);
  }
  for (const turn of turns) turn.stamp = stampOf(turn);
  return turns;
}

/** A result goes to the call that asked for it; true when there was one. */
function settle(part: Part, offset: number, open: Map<string, Extract<Piece, { kind: 'tool' }>>): boolean {
  if (part.type !== 'tool_result') return false;
  const tool = open.get(part.call_id);
  if (!tool) return false;
  tool.result = part;
  tool.resultAt = offset;
  open.delete(part.call_id);
  return true;
}

function roleOf(entry: Entry, parts: readonly Part[]): EntryRole {
  if (entry.role !== 'user') return entry.role;
  // Results are recorded as if the person had sent them.
  if (parts.every((part) => part.type === 'tool_result')) return 'assistant';
  return parts.some((part) => part.type === 'text' && ASIDE.test(part.text)) ? 'system' : 'user';
}

function begin(turns: Turn[], entry: Entry, role: EntryRole): Turn {
  const turn: Turn = {
    offset: entry.offset,
    role,
    at: entry.at,
    model: null,
    pieces: [],
    usage: null,
    cost_usd: null,
    stamp: '',
  };
  turns.push(turn);
  return turn;
}

function piece(part: Part, offset: number, open: Map<string, Extract<Piece, { kind: 'tool' }>>): Piece {
  switch (part.type) {
    case 'text':
    case 'thinking':
    case 'error':
    case 'note':
      return { kind: part.type, offset, text: part.text };
    case 'tool_call': {
      const tool = { kind: 'tool' as const, offset, call: part, result: null, resultAt: null };
      open.set(part.call_id, tool);
      return tool;
    }
    case 'tool_result':
      return { kind: 'result', offset, result: part };
    default:
      return part satisfies never;
  }
}

function spend(turn: Turn, { usage, cost_usd }: Entry): void {
  if (!usage) return;
  const sum = turn.usage;
  turn.cost_usd = sum && (turn.cost_usd === null || cost_usd === null) ? null : plus(turn.cost_usd, cost_usd);
  turn.usage = {
    input_tokens: (sum?.input_tokens ?? 0) + usage.input_tokens,
    output_tokens: (sum?.output_tokens ?? 0) + usage.output_tokens,
    cache_write_tokens: (sum?.cache_write_tokens ?? 0) + usage.cache_write_tokens,
    cache_read_tokens: (sum?.cache_read_tokens ?? 0) + usage.cache_read_tokens,
  };
}

function plus(a: number | null, b: number | null): number | null {
  return b === null ? null : (a ?? 0) + b;
}

function stampOf(turn: Turn): string {
  const settled = turn.pieces.filter((each) => each.kind === 'tool' && each.result).length;
  return [turn.pieces.at(-1)?.offset, turn.pieces.length, settled, turn.usage?.output_tokens].join();
}

/** True for a turn or a piece of it that a link to this entry means. */
export function holds(piece: Piece, offset: number): boolean {
  return piece.offset === offset || (piece.kind === 'tool' && piece.resultAt === offset);
}

/**
 * Stretches that were read one after the other, as one list. Where the second begins in the midst of an answer, the
 * daemon tells that answer's tokens again; they count once.
 */
export function joined(stretches: readonly (readonly Entry[])[]): Entry[] {
  const all: Entry[] = [];
  for (const stretch of stretches) {
    const told = all.findLast(({ usage }) => usage !== null)?.usage;
    let first = true;
    for (const entry of stretch) {
      const again = first && entry.usage && told && sameUsage(entry.usage, told);
      if (entry.usage) first = false;
      all.push(again ? { ...entry, usage: null, cost_usd: null } : entry);
    }
  }
  return all;
}

function sameUsage(a: TokenUsage, b: TokenUsage): boolean {
  return (
    a.input_tokens === b.input_tokens &&
    a.output_tokens === b.output_tokens &&
    a.cache_write_tokens === b.cache_write_tokens &&
    a.cache_read_tokens === b.cache_read_tokens
  );
}
