/** The four things that a budget counts, in words. */
import { dollars, duration, tokens } from '@/lib/format';
import type { Budget, BudgetReport, Measure } from '@/protocol/types';

export const MEASURES: readonly Measure[] = ['usd', 'tokens', 'wall_s', 'turns'];

const NAMES: Record<Measure, string> = {
  usd: 'dollars',
  tokens: 'tokens',
  wall_s: 'seconds',
  turns: 'turns',
};

export function measureName(measure: Measure): string {
  return NAMES[measure];
}

function amount(measure: Measure, value: number): string {
  switch (measure) {
    case 'usd':
      return dollars(value);
    case 'tokens':
      return tokens(value);
    case 'wall_s':
      return duration(value * 1000);
    case 'turns':
      return String(value);
    default:
      return measure satisfies never;
  }
}

export interface Line {
  measure: Measure;
  /** 0 to 1, and 1 where more was spent than allowed; null where nobody knows. */
  share: number | null;
  words: string;
}

/** What is known of it: all, or the part that is, which may be none. */
function known({ spent }: BudgetReport, measure: Measure): { value: number | null; whole: boolean } {
  const value = spent[measure];
  if (value !== null) return { value, whole: true };
  const least = measure === 'usd' ? spent.least_usd : measure === 'tokens' ? spent.least_tokens : undefined;
  return { value: least ?? null, whole: false };
}

/** A line for each limit; what a CLI does not tell is unknown, never nothing. */
export function lines(report: BudgetReport): Line[] {
  const limited = MEASURES.filter((measure) => report.limit[measure] !== undefined);
  return limited.map((measure) => {
    const limit = report.limit[measure] ?? 0;
    const { value: spent, whole } = known(report, measure);
    const of = `of ${amount(measure, limit)}`;
    if (spent === null)
      return { measure, share: null, words: `${measure === 'usd' ? 'cost ' : ''}unknown ${of}` };
    const share = Math.min(1, spent / limit);
    return {
      measure,
      share,
      words:
        `${whole ? '' : 'at least '}${amount(measure, spent)} ${of} ${measure === 'turns' ? 'turns' : ''}`.trim(),
    };
  });
}

/** Twice the limit, or twice what was spent where that is more: enough to go on. */
export function raised(report: BudgetReport, measure: Measure): Budget {
  const limit = report.limit[measure] ?? 1;
  const spent = known(report, measure).value ?? 0;
  const value = 2 * Math.max(limit, spent);
  return { [measure]: measure === 'usd' ? Math.ceil(value * 100) / 100 : Math.ceil(value) };
}

/** The number that somebody wrote, if it can be a limit. */
export function limitOf(measure: Measure, text: string): number | null {
  const value = Number(text.trim());
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) return null;
  return measure === 'usd' || Number.isInteger(value) ? value : null;
}
