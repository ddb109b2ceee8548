/** People, their roles and locks, and ending agents in bulk. */
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Ago } from '@/components/time';
import { Button } from '@/components/ui/button';
import { Field, Input, Select } from '@/components/ui/field';
import { Failed, Skeleton } from '@/components/ui/states';
import { useClient, useMe } from '@/lib/client';
import { plural } from '@/lib/format';
import type { UserView } from '@/protocol/types';
import { peopleQuery, useAdminAct } from './api';
import { KillDialog } from './kill-dialog';
import { OpenSockets } from './open-sockets';

const ROLES = ['viewer', 'developer', 'admin'];

/** `local`: accounts exist only where the daemon itself logs people in. */
export function AdminPage({ local }: { local: boolean }) {
  const { api } = useClient();
  const people = useQuery(peopleQuery(api));
  const [ending, setEnding] = useState<UserView | 'everything' | null>(null);
  return (
    <div className="mx-auto w-full max-w-3xl space-y-6 px-5 py-8">
      <div className="flex items-center gap-3">
        <h1 className="flex-1 font-semibold text-lg">People</h1>
        <Button variant="danger" onClick={() => setEnding('everything')}>
          End all agents
        </Button>
      </div>
      {people.isPending && <Skeleton rows={3} waitingFor="the list of people" />}
      {people.isError && <Failed error={people.error} retry={() => void people.refetch()} />}
      {people.data && (
        <ul className="divide-y divide-line rounded-lg border border-line bg-surface">
          {people.data.map((person) => (
            <Person key={person.id} person={person} onEnd={() => setEnding(person)} />
          ))}
        </ul>
      )}
      <OpenSockets />
      {local && <AddAccount />}
      {ending && <KillDialog whose={ending} onClose={() => setEnding(null)} />}
    </div>
  );
}

function Person({ person, onEnd }: { person: UserView; onEnd(): void }) {
  const act = useAdminAct();
  const me = useMe().principal.id === person.id;
  const locked = person.locked_at !== null;
  return (
    <li className="flex flex-wrap items-center gap-3 px-4 py-2.5" data-person={person.name}>
      <div className="min-w-0 flex-1 phone:basis-full">
        <p className="truncate text-sm">
          {person.name}
          {locked && <span className="ml-2 text-failed text-xs">locked</span>}
          {me && <span className="ml-2 text-accent text-xs">you</span>}
        </p>
        <p className="truncate text-ink-3 text-xs">
          {plural(person.agents, 'agent')}, {plural(person.sockets, 'socket')}
          {person.last_used_at && (
            <>
              , last login <Ago at={person.last_used_at} sentence />
            </>
          )}
        </p>
      </div>
      {person.role && (
        <Select
          className="w-32!"
          aria-label={`Role of ${person.name}`}
          value={person.role}
          disabled={me || act.isPending}
          onChange={(event) =>
            act.mutate({ act: 'change', id: person.id, change: { role: event.target.value } })
          }
        >
          {ROLES.map((role) => (
            <option key={role}>{role}</option>
          ))}
        </Select>
      )}
      <Button size="sm" variant="danger" disabled={person.agents === 0} onClick={onEnd}>
        End agents
      </Button>
      <Button
        size="sm"
        disabled={me || act.isPending}
        onClick={() => act.mutate({ act: 'lock', request: { user: person.id, locked: !locked } })}
      >
        {locked ? 'Unlock' : 'Lock'}
      </Button>
    </li>
  );
}

function AddAccount() {
  const act = useAdminAct();
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = event.currentTarget;
    const field = (name: string) => String(new FormData(form).get(name));
    const request = { name: field('name'), role: field('role'), password: field('password') };
    act.mutate({ act: 'add', request }, { onSuccess: () => form.reset() });
  }
  return (
    <form className="space-y-3 rounded-lg border border-line bg-surface p-4" onSubmit={submit}>
      <h2 className="label">a new account</h2>
      <Field label="Name">
        {(ids) => <Input {...ids} name="name" autoComplete="off" maxLength={64} required />}
      </Field>
      <Field label="Password" help="At least 10 characters. Tell it to the person by another way.">
        {(ids) => (
          <Input
            {...ids}
            name="password"
            type="password"
            autoComplete="new-password"
            minLength={10}
            required
          />
        )}
      </Field>
      <Field label="Role">
        {(ids) => (
          <Select {...ids} name="role" defaultValue="developer">
            {ROLES.map((role) => (
              <option key={role}>{role}</option>
            ))}
          </Select>
        )}
      </Field>
      <Button type="submit" variant="solid" disabled={act.isPending}>
        Add
      </Button>
    </form>
  );
}
