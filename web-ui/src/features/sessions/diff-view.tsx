/** What a call changed in one file. */
import { clsx } from 'clsx';
import { CopyId } from '@/components/copy';
import type { DiffRow } from './diff';
import type { FileChange } from './tools';

const MARKS: Record<DiffRow['kind'], string> = { same: ' ', add: '+', del: '-', gap: '' };
const LOOKS: Record<DiffRow['kind'], string> = {
  same: 'text-ink-2',
  add: 'bg-done/12',
  del: 'bg-failed/12',
  gap: 'bg-sunken text-ink-3',
};
const WORDS: Partial<Record<DiffRow['kind'], string>> = { add: 'added: ', del: 'removed: ' };
/** More rows than this are more than one reads here. */
const MOST = 600;

export function DiffView({ change: { path, rows } }: { change: FileChange }) {
  return (
    <div className="border-line not-last:border-b">
      {path && (
        <p className="flex min-w-0 px-3 pt-2 text-ink-2">
          <CopyId text={path} />
        </p>
      )}
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls both ways
        tabIndex={0}
        role="group"
        aria-label={path ? `Changes of ${path}` : 'Changes'}
        className="max-h-[28rem] overflow-auto py-2 font-mono text-[12.5px] leading-[1.5]"
      >
        <code className="inline-block min-w-full">
          {rows.slice(0, MOST).map((row, at) => (
            <span key={at} className={clsx('block px-3', LOOKS[row.kind])}>
              <span className="sr-only">{WORDS[row.kind]}</span>
              <span aria-hidden="true" className="inline-block w-4 select-none text-ink-3">
                {MARKS[row.kind]}
              </span>
              {row.text || ' '}
            </span>
          ))}
          {rows.length > MOST && (
            <span className="block px-3 text-ink-3">{rows.length - MOST} rows more</span>
          )}
        </code>
      </pre>
    </div>
  );
}
