/** What ended lately, and the rules that answers made. */
import { useQuery } from '@tanstack/react-query';
import { Trash2 } from 'lucide-react';
import { IconButton } from '@/components/ui/button';
import { useClient, useMay } from '@/lib/client';
import { shortPath } from '@/lib/format';
import type { Approval } from '@/protocol/types';
import { rulesQuery, useRemoveRule } from './api';
import { StateLine } from './state-line';

export function EndedList({ approvals }: { approvals: readonly Approval[] }) {
  return (
    <ul className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface">
      {approvals.map((one) => (
        <li key={one.id} className="space-y-0.5 px-4 py-2.5">
          <p className="flex min-w-0 items-baseline gap-2 text-sm">
            <span className="shrink-0 font-mono text-ink-3 text-xs">{one.agent_id}</span>
            <span
              className={`truncate ${one.form === 'question' ? '' : 'font-mono text-[12.5px] [font-variant-ligatures:none]'}`}
            >
              {one.summary}
            </span>
          </p>
          <StateLine approval={one} />
        </li>
      ))}
    </ul>
  );
}

export function RuleList() {
  const { api } = useClient();
  const { data: rules = [] } = useQuery(rulesQuery(api));
  const remove = useRemoveRule();
  const may = useMay('approvals:decide');
  if (rules.length === 0) return null;
  return (
    <section aria-label="Rules made from answers">
      <h2 className="label mb-2">allowed without asking</h2>
      <ul className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface">
        {rules.map((rule) => (
          <li key={rule.id} className="flex items-center gap-3 py-1.5 pr-2 pl-4">
            <span className="min-w-0 flex-1">
              <code className="block truncate font-mono text-[12.5px] [font-variant-ligatures:none]">
                {rule.rule}
              </code>
              <span className="block truncate text-ink-3 text-xs" title={rule.cwd}>
                in {shortPath(rule.cwd)} · made by {rule.made_by}
              </span>
            </span>
            {may && (
              <IconButton
                label={`Remove the rule ${rule.rule}`}
                disabled={remove.isPending}
                onClick={() => remove.mutate(rule.id)}
              >
                <Trash2 size={15} />
              </IconButton>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
