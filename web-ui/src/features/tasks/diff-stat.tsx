/** What `git diff --stat` printed, with its plus and minus marks in colour. */

export function DiffStat({ text }: { text: string }) {
  return (
    <pre
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways
      tabIndex={0}
      className="overflow-x-auto whitespace-pre font-mono text-ink-2 text-xs"
    >
      {text.split('\n').map((line, at) => (
        <DiffLine key={`${at}${line}`} line={line} />
      ))}
    </pre>
  );
}

function DiffLine({ line }: { line: string }) {
  const marks = /^(.*\|\s+\d+ )(\+*)(-*)$/.exec(line);
  if (!marks) return <div>{line}</div>;
  return (
    <div>
      {marks[1]}
      <span className="text-done">{marks[2]}</span>
      <span className="text-failed">{marks[3]}</span>
    </div>
  );
}
