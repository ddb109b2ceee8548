/** What an agent or a task may spend: a bar for each limit, a raise by one tap, and another limit. */
import { clsx } from 'clsx';
import { type FormEvent, useState } from 'react';
import { Button } from '@/components/ui/button';
import { Input, Select } from '@/components/ui/field';
import { useMay } from '@/lib/client';
import type { BudgetReport, Measure } from '@/protocol/types';
import { useBudgetChange, type Whose } from './api';
import { type Line, limitOf, lines, MEASURES, measureName, raised } from './measures';

interface BudgetPanelProps {
  whose: Whose;
  report: BudgetReport | undefined;
}

export default function BudgetPanel({ whose, report }: BudgetPanelProps) {
  const change = useBudgetChange(whose);
  const may = useMay('agents:kill');
  const [open, setOpen] = useState(false);
  if (!report && !may) return null;
  const spent = report?.state === 'spent';
  return (
    <section aria-label="Budget">
      <h2 className="label mb-2">budget</h2>
      {spent && (
        <p role="status" className="mb-2 text-sm text-waiting">
          {'agent' in whose
            ? 'Spent. It goes on when you raise it.'
            : 'Spent. Raise it, and the task goes on.'}
        </p>
      )}
      {report && (
        <ul className="space-y-2.5">
          {lines(report).map((line) => (
            <LimitRow
              key={line.measure}
              line={line}
              report={report}
              raise={may && !change.isPending ? () => change.mutate(raised(report, line.measure)) : undefined}
            />
          ))}
        </ul>
      )}
      {may &&
        (open ? (
          <LimitForm
            onSet={(measure, value) => {
              change.mutate({ [measure]: value });
              setOpen(false);
            }}
          />
        ) : (
          <Button className="mt-2" size="sm" variant="ghost" onClick={() => setOpen(true)}>
            {report ? 'Other limit' : 'Set a limit'}
          </Button>
        ))}
    </section>
  );
}

function LimitRow({
  line,
  report,
  raise,
}: {
  line: Line;
  report: BudgetReport;
  raise: (() => void) | undefined;
}) {
  const percent = line.share === null ? 0 : Math.round(line.share * 100);
  const tight = line.measure === report.nearest && report.state !== 'within';
  return (
    <li>
      <div className="mb-1 flex items-baseline gap-2 text-sm">
        <span className={clsx('nums min-w-0 flex-1', tight && 'font-medium')}>{line.words}</span>
        {raise && (
          <Button size="sm" variant={tight ? 'accent' : 'ghost'} onClick={raise}>
            Raise<span className="sr-only"> {measureName(line.measure)}</span>
          </Button>
        )}
      </div>
      <div
        role="progressbar"
        aria-label={`${measureName(line.measure)} spent`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={line.words}
        className="h-1.5 overflow-hidden rounded-full bg-hover"
      >
        <div
          style={{ width: `${percent}%` }}
          className={clsx('h-full', percent >= 100 ? 'bg-failed' : tight ? 'bg-waiting' : 'bg-accent')}
        />
      </div>
    </li>
  );
}

function LimitForm({ onSet }: { onSet(measure: Measure, value: number | null): void }) {
  const [measure, setMeasure] = useState<Measure>('tokens');
  const [text, setText] = useState('');
  const value = limitOf(measure, text);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (value !== null) onSet(measure, value);
  };
  return (
    <form onSubmit={submit} className="mt-2 space-y-2">
      <div className="flex gap-2">
        <Input
          aria-label="Most"
          inputMode="decimal"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Select
          aria-label="Of what"
          value={measure}
          onChange={(event) => setMeasure(MEASURES.find((one) => one === event.target.value) ?? 'tokens')}
        >
          {MEASURES.map((one) => (
            <option key={one} value={one}>
              {measureName(one)}
            </option>
          ))}
        </Select>
      </div>
      <div className="flex gap-2">
        <Button type="submit" size="sm" disabled={value === null}>
          Set
        </Button>
        <Button size="sm" variant="ghost" onClick={() => onSet(measure, null)}>
          No limit
        </Button>
      </div>
    </form>
  );
}
