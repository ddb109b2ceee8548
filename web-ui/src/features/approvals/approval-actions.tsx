/** The answers to an approval: yes, no, no with words, yes for the session, yes by a rule. */
import { clsx } from 'clsx';
import { Check, X } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { Button } from '@/components/ui/button';
import { Field, Input } from '@/components/ui/field';
import { Keys } from '@/components/ui/kbd';
import { explain } from '@/lib/http';
import type { Approval } from '@/protocol/types';
import type { useAnswer } from './api';

type More = 'words' | 'rule' | null;

const MORE = 'px-2! phone:whitespace-normal phone:leading-tight';

interface ActionsProps {
  approval: Approval;
  answer: ReturnType<typeof useAnswer>;
  /** Its keys work, so they are shown. */
  current: boolean;
  /** Among other things than questions. */
  compact: boolean;
  more: More;
  onMore(more: More): void;
}

export function ApprovalActions({ approval, answer, current, compact, more, onMore }: ActionsProps) {
  const question = approval.form === 'question';
  const sent = answer.isPending || answer.isSuccess;
  const key = (keys: string) =>
    current && (
      <span className="touch:hidden">
        <Keys keys={keys} />
      </span>
    );
  return (
    <footer className="space-y-3 border-line border-t bg-surface px-4 py-3">
      <div className="flex flex-wrap gap-2 phone:grid phone:grid-cols-2">
        {!question && (
          <Button
            variant="solid"
            disabled={sent}
            className="phone:order-2"
            onClick={() => answer.mutate({ decision: 'allow' })}
          >
            <Check size={16} /> Allow once {key('a')}
          </Button>
        )}
        <Button disabled={sent} className="phone:order-1" onClick={() => answer.mutate({ decision: 'deny' })}>
          <X size={16} /> {question ? 'Do not answer' : 'Deny'} {key('d')}
        </Button>
        <span
          className={clsx(
            '-mx-1 flex flex-wrap gap-1 phone:order-3 phone:grid phone:auto-cols-fr phone:grid-flow-col',
            !question && 'phone:col-span-2',
          )}
        >
          {approval.session_grant.length > 0 && (
            <Button
              variant="ghost"
              className={MORE}
              disabled={sent}
              title={approval.session_grant.join('; ')}
              onClick={() => answer.mutate({ decision: 'allow', scope: 'session' })}
            >
              This session {key('s')}
            </Button>
          )}
          {approval.suggested_rules.length > 0 && (
            <Button
              variant="ghost"
              className={MORE}
              disabled={sent}
              aria-expanded={more === 'rule'}
              onClick={() => onMore(more === 'rule' ? null : 'rule')}
            >
              Always… {key('r')}
            </Button>
          )}
          <Button
            variant="ghost"
            className={MORE}
            disabled={sent}
            aria-expanded={more === 'words'}
            onClick={() => onMore(more === 'words' ? null : 'words')}
          >
            <span className="phone:sr-only">Deny with words… {key('w')}</span>
            <span aria-hidden className="min-[700px]:hidden">
              With words…
            </span>
          </Button>
        </span>
      </div>
      {approval.session_grant.length > 0 && !compact && (
        <p className="text-ink-3 text-xs">
          This session allows, until the agent ends: {approval.session_grant.join('; ')}
        </p>
      )}
      {more === 'words' && <Words answer={answer} disabled={sent} />}
      {more === 'rule' && <RuleChoice approval={approval} answer={answer} disabled={sent} />}
    </footer>
  );
}

interface FormProps {
  answer: ReturnType<typeof useAnswer>;
  disabled: boolean;
}

function Words({ answer, disabled }: FormProps) {
  const [message, setMessage] = useState('');
  const send = (event: FormEvent) => {
    event.preventDefault();
    answer.mutate({ decision: 'deny', message: message.trim() });
  };
  return (
    <form onSubmit={send}>
      <Field label="What the agent is told">
        {(ids) => (
          <div className="flex gap-2">
            <Input
              {...ids}
              autoFocus
              value={message}
              onChange={(event) => setMessage(event.target.value)}
              placeholder="Use the branch that is there instead"
            />
            <Button type="submit" size="md" className="h-9" disabled={disabled || !message.trim()}>
              Deny
            </Button>
          </div>
        )}
      </Field>
    </form>
  );
}

function RuleChoice({ approval, answer, disabled }: FormProps & { approval: Approval }) {
  const [rule, setRule] = useState(approval.suggested_rules.at(-1) ?? '');
  const send = (event: FormEvent) => {
    event.preventDefault();
    answer.mutate({ decision: 'allow', scope: 'rule', rule: rule.trim() });
  };
  return (
    <form onSubmit={send}>
      <Field
        label="From now on allow without asking"
        help="In this agent’s folder and beneath, for all your agents, until you remove the rule below the inbox."
        error={answer.isError ? explain(answer.error) : null}
      >
        {(ids) => (
          <div className="flex gap-2">
            <Input
              {...ids}
              autoFocus
              value={rule}
              spellCheck={false}
              onChange={(event) => setRule(event.target.value)}
              className="font-mono"
            />
            <Button type="submit" size="md" className="h-9" disabled={disabled || !rule.trim()}>
              Allow
            </Button>
          </div>
        )}
      </Field>
      {approval.suggested_rules.length > 1 && (
        <p className="mt-2 flex flex-wrap gap-1.5">
          {approval.suggested_rules.map((each) => (
            <Button key={each} size="sm" className="max-w-full font-mono" onClick={() => setRule(each)}>
              <span className="truncate">{each}</span>
            </Button>
          ))}
        </p>
      )}
    </form>
  );
}
