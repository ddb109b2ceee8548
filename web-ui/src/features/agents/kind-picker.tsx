/** Which CLI runs the agent; a specialist of the config is one choice more. Missing ones say what mends them. */
import { clsx } from 'clsx';
import { Remedy } from '@/components/remedy';
import type { AgentKind } from '@/protocol/types';

export interface Choice {
  kind: string;
  specialist: string | null;
}

interface KindPickerProps {
  kinds: readonly AgentKind[];
  choice: Choice;
  onChoose(choice: Choice): void;
}

export function KindPicker({ kinds, choice, onChoose }: KindPickerProps) {
  const sorted = [...kinds].sort((a, b) => Number(b.ready) - Number(a.ready));
  // A specialist that bears the name of its kind is the same choice twice.
  const specialists = sorted.flatMap((kind) =>
    kind.specialists.filter((name) => name !== kind.kind).map((name) => ({ kind, name })),
  );
  return (
    <fieldset>
      <legend className="mb-1.5 font-medium text-sm">Runs on</legend>
      <div className="grid grid-cols-2 gap-2 min-[700px]:grid-cols-3">
        {sorted.map((kind) => (
          <Option
            key={kind.kind}
            id={kind.kind}
            title={kind.title}
            note={noteOf(kind)}
            ready={kind.ready}
            checked={choice.kind === kind.kind && !choice.specialist}
            onChoose={() => onChoose({ kind: kind.kind, specialist: null })}
          />
        ))}
        {specialists.map(({ kind, name }) => (
          <Option
            key={`${kind.kind}/${name}`}
            id={`specialist-${name}`}
            title={name}
            note={`specialist on ${kind.title}`}
            ready={kind.ready}
            checked={choice.specialist === name}
            onChoose={() => onChoose({ kind: kind.kind, specialist: name })}
          />
        ))}
      </div>
    </fieldset>
  );
}

/** What stands beneath a kind's name; one that was only tried on a stand-in says so. */
export function noteOf(kind: AgentKind): string {
  if (!kind.ready) return kind.installed ? 'not ready' : 'not installed';
  const version = kind.version ?? 'ready';
  return kind.proven ? version : `${version}, untested`;
}

interface OptionProps {
  id: string;
  title: string;
  note: string;
  ready: boolean;
  checked: boolean;
  onChoose(): void;
}

function Option({ id, title, note, ready, checked, onChoose }: OptionProps) {
  return (
    <label
      htmlFor={`kind-${id}`}
      className={clsx(
        'relative cursor-pointer rounded-md border px-3 py-2 transition-colors duration-(--fast) has-focus-visible:outline-2 has-focus-visible:outline-accent',
        checked ? 'border-accent bg-accent-soft' : 'border-line-strong hover:bg-hover',
      )}
    >
      <input
        id={`kind-${id}`}
        type="radio"
        name="kind"
        checked={checked}
        onChange={onChoose}
        className="absolute inset-0 cursor-pointer opacity-0"
      />
      <span className={clsx('block truncate font-medium text-sm', !ready && 'text-ink-3')}>{title}</span>
      <span className={clsx('block truncate text-xs', checked ? 'text-ink-2' : 'text-ink-3')}>{note}</span>
    </label>
  );
}

/** Says why a kind cannot be chosen, and what mends it. */
export function NotInstalled({ kind }: { kind: AgentKind }) {
  return (
    <div role="status" className="space-y-2 rounded-md border border-line bg-surface p-3 text-sm">
      <p className="text-ink-2">
        {kind.title} is not ready on this machine.{kind.remedy && ' This mends it:'}
      </p>
      {kind.remedy && <Remedy text={kind.remedy} />}
    </div>
  );
}
