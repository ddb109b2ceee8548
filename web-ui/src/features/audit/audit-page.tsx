/** What was done and refused, newest first, with filters; and whether the record is whole. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { clsx } from 'clsx';
import { History } from 'lucide-react';
import { useState } from 'react';
import { Ago } from '@/components/time';
import { Button } from '@/components/ui/button';
import { Field, Input, Select } from '@/components/ui/field';
import { Empty, Failed, Skeleton } from '@/components/ui/states';
import { useClient } from '@/lib/client';
import { type AuditFilter, type AuditLine, auditQuery, verdictQuery } from './api';

interface Person {
  id: string;
  name: string;
}

interface AuditPageProps {
  /** Names for the ids in the record; without them the ids are shown. */
  people: Person[];
  /** Agents that a line may be about, whose recording shows the moment. */
  agents: ReadonlySet<string>;
  onMoment(agentId: string, at: string): void;
}

export function AuditPage({ people, agents, onMoment }: AuditPageProps) {
  const { api } = useClient();
  const [filter, setFilter] = useState<AuditFilter>({});
  const lines = useInfiniteQuery(auditQuery(api, filter));
  const all = lines.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="mx-auto w-full max-w-4xl space-y-5 px-5 py-8">
      <div className="flex flex-wrap items-center gap-3">
        <h1 className="flex-1 font-semibold text-lg">Audit</h1>
        <Whole />
      </div>
      <Filters people={people} onChange={setFilter} />
      {lines.isPending && <Skeleton waitingFor="the record" />}
      {lines.isError && <Failed error={lines.error} retry={() => void lines.refetch()} />}
      {lines.data && all.length === 0 && <Empty title="Nothing fits this filter" />}
      <ul className="divide-y divide-line text-sm">
        {all.map((line) => (
          <Line
            key={line.seq}
            line={line}
            people={people}
            agent={agentOf(line, agents)}
            onMoment={onMoment}
          />
        ))}
      </ul>
      {lines.hasNextPage && (
        <Button disabled={lines.isFetchingNextPage} onClick={() => void lines.fetchNextPage()}>
          Older
        </Button>
      )}
    </div>
  );
}

function Filters({ people, onChange }: { people: Person[]; onChange(filter: AuditFilter): void }) {
  return (
    <form
      className="flex flex-wrap items-end gap-3 phone:grid phone:grid-cols-2"
      onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const text = (name: string) => String(form.get(name) ?? '').trim();
        const day = text('since');
        const since = day ? new Date(day).toISOString() : '';
        const [user, action, object, result] = ['user', 'action', 'object', 'result'].map(text);
        onChange({ user, action, object, result, since });
      }}
    >
      <Field label="Person">
        {(ids) => (
          <Select {...ids} name="user">
            <option value="">Everybody</option>
            {people.map((person) => (
              <option key={person.id} value={person.id}>
                {person.name}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="Action holds">
        {(ids) => <Input {...ids} name="action" placeholder="POST /api/agents" />}
      </Field>
      <Field label="Object holds">{(ids) => <Input {...ids} name="object" placeholder="droid-001" />}</Field>
      <Field label="Result">
        {(ids) => (
          <Select {...ids} name="result">
            <option value="">Any</option>
            <option value="ok">Done</option>
            <option value="denied">Refused</option>
            <option value="failed">Failed</option>
          </Select>
        )}
      </Field>
      <Field label="Since">{(ids) => <Input {...ids} name="since" type="date" />}</Field>
      <Button type="submit" className="phone:h-11">
        Filter
      </Button>
    </form>
  );
}

function agentOf({ object }: AuditLine, agents: ReadonlySet<string>): string | undefined {
  return object.split(/[\s/:]+/).find((word) => agents.has(word));
}

interface LineProps {
  line: AuditLine;
  people: Person[];
  agent: string | undefined;
  onMoment(agentId: string, at: string): void;
}

function Line({ line, people, agent, onMoment }: LineProps) {
  const name = (id: string) => people.find((person) => person.id === id)?.name ?? id;
  const who = line.principal ? name(line.principal) : 'nobody';
  const bad = /^(denied|failed|unknown)/.test(line.result);
  return (
    <li className="flex flex-wrap items-center gap-x-3 py-1" title={line.request_id}>
      <span className="w-14 shrink-0 text-ink-3 text-xs">
        <Ago at={line.ts} />
      </span>
      <span className="min-w-0 flex-1 truncate font-mono text-xs phone:order-first phone:basis-full">
        {line.action} {line.object}
      </span>
      <span className="truncate text-ink-3 text-xs phone:flex-1">
        {line.on_behalf_of ? `${who} for ${name(line.on_behalf_of)}` : who} {line.ip}
      </span>
      {agent ? (
        <button
          type="button"
          title={`What ${agent} showed then`}
          aria-label={`What ${agent} showed then`}
          onClick={() => onMoment(agent, line.ts)}
          className="grid size-6 shrink-0 place-items-center rounded-sm text-ink-3 hover:bg-hover hover:text-ink touch:size-11"
        >
          <History size={13} />
        </button>
      ) : (
        <span className="size-6 shrink-0 touch:size-11" />
      )}
      <span
        className={clsx('w-28 truncate text-xs phone:w-24', bad ? 'text-failed' : 'text-ink-2')}
        title={line.result}
      >
        {line.result}
      </span>
    </li>
  );
}

/** Follows the chain when asked: it reads the whole record. */
function Whole() {
  const { api } = useClient();
  const [asked, setAsked] = useState(false);
  const verdict = useQuery({ ...verdictQuery(api), enabled: asked });
  const check = () => (asked ? void verdict.refetch() : setAsked(true));
  return (
    <>
      <span role="status" className="text-sm">
        {verdict.isFetching && 'Checking…'}
        {!verdict.isFetching && verdict.isError && 'The check failed.'}
        {!verdict.isFetching &&
          verdict.data &&
          (verdict.data.broken_in
            ? `Changed after line ${verdict.data.last}`
            : `Whole: ${verdict.data.lines} lines`)}
      </span>
      <Button onClick={check}>Check</Button>
    </>
  );
}
