/** Starts an agent: which CLI or specialist, where, and with what first message. */
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Field, Input, TextArea } from '@/components/ui/field';
import { Failed, Skeleton } from '@/components/ui/states';
import { useClient } from '@/lib/client';
import { explain } from '@/lib/http';
import type { Agent, AgentKind, SpawnRequest } from '@/protocol/types';
import { kindsQuery, newKey, useSpawn } from './api';
import { type Choice, KindPicker, NotInstalled } from './kind-picker';

interface SpawnDialogProps {
  open: boolean;
  onClose(): void;
  onSpawned(agent: Agent): void;
}

export function SpawnDialog({ open, onClose, onSpawned }: SpawnDialogProps) {
  const { api } = useClient();
  const kinds = useQuery({ ...kindsQuery(api), enabled: open });
  return (
    <Dialog
      open={open}
      onClose={onClose}
      wide
      title="New agent"
      lead="It starts in its own terminal and keeps running when this page is closed."
    >
      {kinds.isPending && <Skeleton waitingFor="the list of CLIs" />}
      {kinds.isError && <Failed error={kinds.error} retry={() => void kinds.refetch()} />}
      {kinds.data && (
        <SpawnForm
          kinds={kinds.data}
          onCancel={onClose}
          onSpawned={(agent) => {
            onClose();
            onSpawned(agent);
          }}
        />
      )}
    </Dialog>
  );
}

interface SpawnFormProps {
  kinds: readonly AgentKind[];
  onCancel(): void;
  onSpawned(agent: Agent): void;
}

function SpawnForm({ kinds, onCancel, onSpawned }: SpawnFormProps) {
  const first = kinds.find((kind) => kind.ready);
  const [choice, setChoice] = useState<Choice>({ kind: first?.kind ?? '', specialist: null });
  // One key for one form: pressing twice starts one agent.
  const [key] = useState(newKey);
  const spawn = useSpawn(onSpawned);
  const chosen = kinds.find((kind) => kind.kind === choice.kind);

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? '').trim();
    const request: SpawnRequest = choice.specialist
      ? { specialist: choice.specialist }
      : { kind: choice.kind };
    if (text('title')) request.title = text('title');
    if (text('cwd')) request.cwd = text('cwd');
    if (text('prompt')) request.prompt = text('prompt');
    spawn.mutate({ request, key });
  };

  return (
    <form onSubmit={submit} className="space-y-4">
      <KindPicker kinds={kinds} choice={choice} onChoose={setChoice} />
      {chosen && !chosen.ready && <NotInstalled kind={chosen} />}
      <Field label="First message" help="What it should do. You can also leave this empty and type later.">
        {(ids) => <TextArea {...ids} data-autofocus name="prompt" rows={4} maxLength={262144} />}
      </Field>
      <div className="grid gap-4 min-[700px]:grid-cols-2">
        <Field label="Folder" help="Absolute. Empty: where the daemon was started.">
          {(ids) => (
            <Input
              {...ids}
              name="cwd"
              className="font-mono text-sm"
              autoCapitalize="off"
              autoComplete="off"
              spellCheck={false}
            />
          )}
        </Field>
        <Field label="Title" help="A few words for the lists.">
          {(ids) => <Input {...ids} name="title" maxLength={200} autoComplete="off" />}
        </Field>
      </div>
      {spawn.isError && (
        <p role="alert" className="text-failed text-sm">
          {explain(spawn.error)}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" variant="solid" disabled={!chosen?.ready || spawn.isPending}>
          {spawn.isPending ? 'Starting…' : 'Start agent'}
        </Button>
      </div>
    </form>
  );
}
