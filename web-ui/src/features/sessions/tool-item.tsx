/** A tool call in one line; unfolded, what it was given and what came back. Changes of files show as such at once. */
import { type ReactNode, useMemo } from 'react';
import { StateIcon } from '@/components/state-mark';
import { plural } from '@/lib/format';
import { countRows } from './diff';
import { DiffView } from './diff-view';
import { Fold } from './fold';
import { type FileChange, viewTool } from './tools';
import type { Piece } from './turns';

interface ToolItemProps {
  piece: Extract<Piece, { kind: 'tool' }>;
  open: boolean;
  /** Those that this call started. */
  subAgents: ReactNode;
}

export function ToolItem({ piece, open, subAgents }: ToolItemProps) {
  const { call, result } = piece;
  const view = useMemo(() => viewTool(call.name, call.input), [call.name, call.input]);
  const failed = result?.is_error === true;
  return (
    <div className="space-y-1.5">
      <Fold
        title={view.name}
        rest={view.summary}
        failed={failed}
        open={open}
        side={<Outcome result={result} changes={view.changes} />}
      >
        {view.changes.length > 0 ? (
          view.changes.map((change, at) => <DiffView key={at} change={change} />)
        ) : (
          <ToolText text={view.input} label="given" />
        )}
        {result ? (
          <ToolText
            text={result.text || '(nothing)'}
            label={failed ? 'failed with' : 'came back'}
            failed={failed}
          />
        ) : (
          <p className="label px-3 py-2">nothing came back yet</p>
        )}
      </Fold>
      {subAgents}
    </div>
  );
}

function Outcome({ result, changes }: Pick<Piece & { kind: 'tool' }, 'result'> & { changes: FileChange[] }) {
  const counts = changes.map(({ rows }) => countRows(rows));
  const added = counts.reduce((sum, each) => sum + each.added, 0);
  const removed = counts.reduce((sum, each) => sum + each.removed, 0);
  if (!result) {
    return (
      <span className="flex shrink-0 items-center gap-1.5 text-ink-3 text-xs">
        <StateIcon look="pending" size={11} /> no result
      </span>
    );
  }
  if (result.is_error) {
    return (
      <span className="flex shrink-0 items-center gap-1.5 text-failed text-xs">
        <StateIcon look="failed" size={11} /> failed
      </span>
    );
  }
  if (changes.length > 0) {
    return (
      <span className="nums shrink-0 font-mono text-xs">
        <span className="text-done">+{added}</span> <span className="text-failed">−{removed}</span>
      </span>
    );
  }
  const lines = result.text === '' ? 0 : result.text.replace(/\n$/, '').split('\n').length;
  return <span className="nums shrink-0 text-ink-3 text-xs">{plural(lines, 'line')}</span>;
}

/** Longest text that is shown at once; all of it is in the export. */
const MOST = 20_000;

export function ToolText({ text, label, failed }: { text: string; label?: string; failed?: boolean }) {
  const shown = text.length > MOST ? `${text.slice(0, MOST)}\n… ${text.length - MOST} characters more` : text;
  return (
    <div className="border-line not-last:border-b px-3 py-2">
      {label && <p className={failed ? 'label mb-1 text-failed!' : 'label mb-1'}>{label}</p>}
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls both ways
        tabIndex={0}
        className="max-h-96 overflow-auto whitespace-pre-wrap break-words font-mono text-[12.5px] leading-[1.5]"
      >
        {shown}
      </pre>
    </div>
  );
}
