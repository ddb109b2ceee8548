/** One setting: its meaning, its value and source, and a small form to change it. */
import { clsx } from 'clsx';
import { type FormEvent, useState } from 'react';
import { Button } from '@/components/ui/button';
import { Field, Input, Select } from '@/components/ui/field';
import { explain } from '@/lib/http';
import { toast } from '@/lib/toast';
import type { SettingView } from '@/protocol/types';
import { originWords, useChangeSetting } from './settings-api';

export function DaemonSetting({ setting }: { setting: SettingView }) {
  const [editing, setEditing] = useState(false);
  const { key, about, origin, next, changeable } = setting;
  return (
    <li className="space-y-2 px-4 py-3" data-setting={key}>
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-72 phone:basis-full">
          <p className="break-all font-mono text-sm">{key}</p>
          {about && (
            <p className="mt-1 text-ink-2 text-sm">
              <Meaning text={about} />
            </p>
          )}
        </div>
        <div className="flex min-w-0 max-w-full items-start gap-3 phone:w-full phone:justify-between">
          <div className="min-w-0 text-right phone:text-left">
            <Value text={setting.value} />
            <p className={clsx('text-xs', origin.from === 'default' ? 'text-ink-3' : 'text-accent')}>
              {originWords(origin)}
            </p>
            {next !== null && (
              <p className="text-waiting text-xs">
                next start: <Value text={next} />
              </p>
            )}
          </div>
          {changeable && !editing && (
            <Button size="sm" aria-label={`Change ${key}`} onClick={() => setEditing(true)}>
              Change
            </Button>
          )}
        </div>
      </div>
      {editing && <Change setting={setting} onEnd={() => setEditing(false)} />}
    </li>
  );
}

function Value({ text }: { text: string }) {
  if (!text) return <span className="text-ink-3 text-sm">empty</span>;
  return <code className="break-all font-mono text-sm">{text}</code>;
}

/** Markdown of one line: code, and links without their address. */
export function Meaning({ text }: { text: string }) {
  const parts = text.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1').split('`');
  return parts.map((part, at) =>
    at % 2 === 1 ? (
      <code key={at} className="font-mono text-xs">
        {part}
      </code>
    ) : (
      part
    ),
  );
}

function Change({ setting, onEnd }: { setting: SettingView; onEnd(): void }) {
  const change = useChangeSetting();
  const { key, shape, next, value } = setting;
  const said = next ?? value;
  const put = (text: string | null) =>
    change.mutate(
      { key, value: text },
      {
        onSuccess: () => {
          toast.success(`${key} counts from the next start.`);
          onEnd();
        },
      },
    );
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    put(String(new FormData(event.currentTarget).get('value')));
  }
  const error = change.error ? explain(change.error) : null;
  const number = shape === 'integer' || shape === 'number';
  return (
    <form
      className="space-y-3"
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onEnd();
      }}
    >
      <Field
        label={`New value of ${key}`}
        error={error}
        {...(shape === 'list' ? { help: 'Separated by commas.' } : {})}
      >
        {(ids) =>
          shape === 'switch' ? (
            <Select {...ids} name="value" defaultValue={said} autoFocus>
              <option>true</option>
              <option>false</option>
            </Select>
          ) : (
            <Input
              {...ids}
              name="value"
              defaultValue={said}
              inputMode={number ? 'decimal' : 'text'}
              className="font-mono"
              autoComplete="off"
              autoCapitalize="off"
              autoCorrect="off"
              spellCheck={false}
              aria-invalid={error !== null}
              autoFocus
            />
          )
        }
      </Field>
      <div className="flex flex-wrap gap-2">
        <Button type="submit" variant="solid" disabled={change.isPending}>
          Save
        </Button>
        <Button onClick={onEnd}>Cancel</Button>
        {setting.default !== null && said !== setting.default && (
          <Button variant="ghost" disabled={change.isPending} onClick={() => put(null)}>
            Back to {setting.default || 'empty'}
          </Button>
        )}
      </div>
    </form>
  );
}
