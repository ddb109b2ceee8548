/** A diff to read and to comment on; only the rows in sight exist. */
import { clsx } from 'clsx';
import { ChevronDown, ChevronRight, MessageSquarePlus } from 'lucide-react';
import { type FormEvent, useMemo, useRef, useState } from 'react';
import { Button } from '@/components/ui/button';
import { TextArea } from '@/components/ui/field';
import { useTouch } from '@/lib/use-media';
import { useVirtual } from '@/lib/use-virtual';
import type { DiffFile } from '@/protocol/types';
import { type Comment, placeOf, type Row, type RowKind, rowsOf } from './diff-rows';

const ROW = 22;
const ROW_TOUCH = 44;
const LOOKS: Record<RowKind, string> = {
  file: 'bg-surface font-medium',
  hunk: 'bg-sunken text-ink-3',
  same: 'text-ink-2',
  add: 'bg-done/12',
  del: 'bg-failed/12',
  note: 'text-ink-3 italic',
};
const MARKS: Partial<Record<RowKind, string>> = { add: '+', del: '-' };
const WORDS: Partial<Record<RowKind, string>> = { add: 'added: ', del: 'removed: ' };

interface DiffPaneProps {
  files: readonly DiffFile[];
  comments: readonly Comment[];
  /** Null where nobody could hear it. */
  onComment: ((comment: Comment) => void) | null;
  more: { any: boolean; loading: boolean; load(): void };
}

export function DiffPane({ files, comments, onComment, more }: DiffPaneProps) {
  const area = useRef<HTMLDivElement>(null);
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const [writing, setWriting] = useState<Row | null>(null);
  const row = useTouch() ? ROW_TOUCH : ROW;
  const rows = useMemo(() => rowsOf(files, folded), [files, folded]);
  const said = useMemo(() => new Set(comments.map(placeOf)), [comments]);
  const { start, end } = useVirtual(area, rows.length, row);
  const fold = (path: string) => {
    const next = new Set(folded);
    if (!next.delete(path)) next.add(path);
    setFolded(next);
  };
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div
        ref={area}
        className="min-h-0 flex-1 overflow-auto"
        role="group"
        aria-label="Changes"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls both ways
        tabIndex={0}
      >
        <div
          style={{ height: rows.length * row, paddingTop: start * row }}
          className="box-border w-max min-w-full font-mono text-[12.5px]"
        >
          {rows
            .slice(start, end)
            .map((each, at) =>
              each.kind === 'file' ? (
                <FileRow
                  key={start + at}
                  file={each.file}
                  height={row}
                  folded={folded.has(each.file.path)}
                  onFold={fold}
                />
              ) : (
                <Line
                  key={start + at}
                  row={each}
                  height={row}
                  said={each.line !== null && said.has(placeOf({ path: each.file.path, line: each.line }))}
                  onWrite={onComment && each.line !== null ? () => setWriting(each) : null}
                />
              ),
            )}
        </div>
        {more.any && (
          <Button size="sm" className="m-3" disabled={more.loading} onClick={more.load}>
            {more.loading ? 'Loading…' : 'More files'}
          </Button>
        )}
      </div>
      {writing && onComment && (
        <CommentBox
          key={`${writing.file.path} ${writing.line}`}
          row={writing}
          before={comments.find((one) => one.path === writing.file.path && one.line === writing.line)?.text}
          onDone={(text) => {
            const line = writing.line ?? '';
            if (text !== null) onComment({ path: writing.file.path, line, code: writing.text, text });
            setWriting(null);
          }}
        />
      )}
    </div>
  );
}

function Line({ row, height, said, onWrite }: LineProps) {
  const number = 'inline-block w-10 shrink-0 select-none pr-2 text-right text-ink-3 nums';
  return (
    <div style={{ height }} className={clsx('group flex items-center whitespace-pre', LOOKS[row.kind])}>
      {onWrite ? (
        <button
          type="button"
          aria-label={`Comment on line ${row.line} of ${row.file.path}`}
          onClick={onWrite}
          className={clsx(
            'sticky left-0 grid h-full w-7 shrink-0 place-items-center touch:w-11',
            said
              ? 'text-accent'
              : 'text-ink-3 opacity-0 focus-visible:opacity-100 group-hover:opacity-100 touch:opacity-60',
          )}
        >
          <MessageSquarePlus size={13} />
        </button>
      ) : (
        <span className="w-7 shrink-0 touch:w-11" />
      )}
      <span className={clsx(number, 'phone:hidden')}>{row.before}</span>
      <span className={number}>{row.after}</span>
      <span className="w-4 shrink-0 select-none text-ink-3" aria-hidden="true">
        {MARKS[row.kind]}
      </span>
      <span className="pr-4">
        <span className="sr-only">{WORDS[row.kind]}</span>
        {row.text}
      </span>
    </div>
  );
}

interface LineProps {
  row: Row;
  height: number;
  said: boolean;
  onWrite: (() => void) | null;
}

function FileRow({ file, height, folded, onFold }: FileRowProps) {
  return (
    <button
      type="button"
      style={{ height }}
      aria-expanded={!folded}
      onClick={() => onFold(file.path)}
      className="sticky left-0 flex w-full items-center gap-2 border-line border-y bg-surface px-2 text-left font-medium hover:bg-hover"
    >
      {folded ? <ChevronRight size={14} /> : <ChevronDown size={14} />}
      <span className="min-w-0 truncate">
        {file.old_path ? `${file.old_path} → ${file.path}` : file.path}
      </span>
      <span className="font-normal font-sans text-ink-3 text-xs">{file.change}</span>
      {file.executes && (
        <span className="font-normal font-sans text-waiting text-xs">tools run it by themselves</span>
      )}
      {file.insertions !== null && (
        <span className="nums font-normal text-xs">
          <span className="text-done">+{file.insertions}</span>{' '}
          <span className="text-failed">−{file.deletions}</span>
        </span>
      )}
    </button>
  );
}

interface FileRowProps {
  file: DiffFile;
  height: number;
  folded: boolean;
  onFold(path: string): void;
}

function CommentBox({ row, before, onDone }: CommentBoxProps) {
  const [text, setText] = useState(before ?? '');
  const keep = (event: FormEvent) => {
    event.preventDefault();
    onDone(text);
  };
  return (
    <form onSubmit={keep} className="border-line-strong border-t bg-raised px-4 py-3">
      <p className="mb-2 truncate font-mono text-ink-2 text-xs">
        {row.file.path} {row.line}: {row.text.trim()}
      </p>
      <div className="flex items-end gap-2">
        <TextArea
          autoFocus
          rows={2}
          aria-label="Your comment"
          value={text}
          onChange={({ target }) => setText(target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') onDone(null);
            if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) onDone(text);
          }}
        />
        <Button onClick={() => onDone(null)}>Cancel</Button>
        <Button type="submit" variant="solid">
          Keep it
        </Button>
      </div>
    </form>
  );
}

interface CommentBoxProps {
  row: Row;
  before: string | undefined;
  /** Null leaves it as it was; nothing at all takes it away. */
  onDone(text: string | null): void;
}
