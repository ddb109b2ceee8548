/** How far finding and reading has come, and what could not be looked at. */
import { plural } from '@/lib/format';
import type { Progress } from '@/protocol/types';
import { shareRead, size } from './shown';

export function IndexNote({ progress }: { progress: Progress }) {
  const share = shareRead(progress);
  return (
    <>
      {share !== null && <Reading progress={progress} share={share} />}
      {progress.problems.length > 0 && (
        <details className="border-line border-b bg-surface px-4 text-sm">
          <summary className="flex min-h-8 cursor-pointer items-center text-waiting touch:min-h-11">
            {plural(progress.problems.length, 'thing')} could not be looked at
          </summary>
          <ul className="list-disc space-y-0.5 pb-2 pl-5 text-ink-2">
            {progress.problems.map((problem) => (
              <li key={problem} className="break-words">
                {problem}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function Reading({ progress, share }: { progress: Progress; share: number }) {
  const words = !progress.listed
    ? `Looking for sessions: ${progress.sessions} so far`
    : progress.summed
      ? `Reading for counts and search: ${size(progress.read_bytes)} of ${size(progress.bytes)}`
      : `Summing tokens: ${size(progress.summed_bytes)} of ${size(progress.bytes)}`;
  return (
    <div className="border-line border-b bg-surface px-4 py-1.5" role="status">
      <p className="nums text-ink-2 text-xs">{words}</p>
      <div
        role="progressbar"
        aria-label="Sessions read"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.floor(share * 100)}
        className="mt-1 h-1 overflow-hidden rounded-full bg-sunken"
      >
        <div
          className="h-full origin-left bg-accent transition-transform duration-(--calm)"
          style={{ transform: `scaleX(${share})` }}
        />
      </div>
    </div>
  );
}
