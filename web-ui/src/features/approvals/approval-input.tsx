/** What exactly an agent asks for: a command, a change of a file, an address; else its input as it came. */
import { clsx } from 'clsx';
import type { ReactNode } from 'react';
import type { Approval } from '@/protocol/types';
import { type DiffLine, lineDiff } from './line-diff';

const SCREEN =
  'scroll-y max-h-80 overflow-x-auto bg-screen font-mono text-screen-ink text-[12.5px] leading-5 [font-variant-ligatures:none]';

export function ApprovalInput({ approval }: { approval: Approval }) {
  return (
    <div>
      <Body approval={approval} />
      {approval.cut_bytes > 0 && (
        <p role="note" className="border-line border-t bg-sunken px-4 py-2 text-failed text-sm">
          {Math.ceil(approval.cut_bytes / 1024)} KiB of it are not shown. Look into its terminal before you
          say yes.
        </p>
      )}
    </div>
  );
}

function Body({ approval: { tool, input } }: { approval: Approval }) {
  const text = (name: string) => (typeof input[name] === 'string' ? input[name] : null);
  const path = text('file_path') ?? text('notebook_path');
  const command = text('command');
  if (command !== null) {
    const says = text('description');
    return (
      <>
        <Block label="Command">
          <span aria-hidden className="select-none text-screen-ink/60">
            ${' '}
          </span>
          {command}
        </Block>
        {says && <Says>{says}</Says>}
      </>
    );
  }
  if (path !== null && text('old_string') !== null) {
    return <Diff path={path} lines={lineDiff(text('old_string') ?? '', text('new_string') ?? '')} />;
  }
  if (path !== null && text('content') !== null) {
    return <Diff path={path} lines={lineDiff('', text('content') ?? '')} whole />;
  }
  const url = text('url');
  if (url !== null) {
    const prompt = text('prompt');
    return (
      <>
        <Block label="Address">{url}</Block>
        {prompt && <Says>{prompt}</Says>}
      </>
    );
  }
  const plan = text('plan');
  if (plan !== null) return <Block label="Plan">{plan}</Block>;
  return <Block label={`Input of ${tool}`}>{JSON.stringify(input, null, 2)}</Block>;
}

function Says({ children }: { children: ReactNode }) {
  return <p className="px-4 py-2.5 text-ink-2 text-sm">{children}</p>;
}

/** Text as a terminal would show it; focusable, because it may scroll. */
function Block({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <section aria-label={label} tabIndex={0} className={clsx(SCREEN, 'px-4 py-3')}>
      <pre className="whitespace-pre-wrap [overflow-wrap:anywhere]">{children}</pre>
    </section>
  );
}

const SIGNS = { same: ' ', gone: '−', new: '+' } as const;
const SHADES = {
  same: '',
  gone: 'bg-[oklch(0.45_0.12_25/0.35)]',
  new: 'bg-[oklch(0.45_0.1_150/0.35)]',
} as const;
const WORDS = { same: '', gone: 'removed: ', new: 'added: ' } as const;

function Diff({ path, lines, whole }: { path: string; lines: readonly DiffLine[]; whole?: boolean }) {
  const count = (kind: DiffLine['kind']) => lines.filter((line) => line.kind === kind).length;
  return (
    <>
      <p className="flex flex-wrap items-baseline gap-x-3 px-4 pb-2 text-sm">
        <span className="min-w-0 font-mono text-[12.5px] [overflow-wrap:anywhere]">{path}</span>
        <span className="nums text-ink-3 text-xs">
          {whole ? 'whole file, ' : ''}+{count('new')} −{count('gone')}
        </span>
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <section aria-label={`Change of ${path}`} tabIndex={0} className={clsx(SCREEN, 'py-2')}>
        <pre className="w-max min-w-full">
          {lines.map((line, at) => (
            <span key={at} className={clsx('block px-4', SHADES[line.kind])}>
              <span aria-hidden className="mr-2 inline-block w-2 select-none text-screen-ink/70">
                {SIGNS[line.kind]}
              </span>
              <span className="sr-only">{WORDS[line.kind]}</span>
              {line.text || ' '}
            </span>
          ))}
        </pre>
      </section>
    </>
  );
}
