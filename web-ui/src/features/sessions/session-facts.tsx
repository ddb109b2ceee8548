/** What is known of a session: one line of figures, the rest behind it; why it cannot go on, and what is damaged. */
import { ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { CopyId } from '@/components/copy';
import { StateMark } from '@/components/state-mark';
import { Ago } from '@/components/time';
import { duration, exact, plural, tokens } from '@/lib/format';
import type { Transcript } from '@/protocol/types';
import { kindWord } from './filter';
import { OfferButtons, type SessionActs } from './offer-buttons';
import { allTokens, costWord, countWords, offerOf, showSession, size, usageWords } from './shown';

interface SessionFactsProps {
  session: Transcript;
  subAgents: readonly Transcript[];
  acts: SessionActs;
  onSession(id: string): void;
  onAgent(agentId: string): void;
}

export function SessionFacts({ session, subAgents, acts, onSession, onAgent }: SessionFactsProps) {
  const offer = offerOf(session);
  const why = offer.act === 'none' || offer.act === 'fork' ? offer.why : null;
  return (
    <div className="mb-5 rounded-lg border border-line bg-surface">
      <div className="px-4 pt-3">
        <h1 className="break-words font-semibold text-md">{session.title || session.session}</h1>
        <p className="nums mt-1 flex flex-wrap gap-x-3 gap-y-0.5 text-ink-3 text-sm">
          <StateMark shown={showSession(session)} />
          <span>
            {kindWord(session.kind)}
            {session.project && ` in ${session.project}`}
          </span>
          <span>{countWords(session)}</span>
          {session.usage && <span>{tokens(allTokens(session.usage))} tokens</span>}
          <span>{costWord(session)}</span>
          <span>
            <Ago at={session.updated_at} sentence />
          </span>
        </p>
        {session.parent && (
          <p className="mt-1 text-sm">
            <button
              type="button"
              className="text-accent underline underline-offset-2 touch:min-h-11"
              onClick={() => onSession(session.parent ?? '')}
            >
              A sub-agent: open the session it worked for
            </button>
          </p>
        )}
        {why && (
          <Remark title={offer.act === 'fork' ? 'Only a copy can go on' : 'Cannot be resumed'}>{why}.</Remark>
        )}
        {session.problem && <Remark title="Not all of it could be read">{session.problem}</Remark>}
        <div className="mt-2.5 flex flex-wrap gap-2 [&>span]:w-auto">
          {(offer.act !== 'none' || !why) && <OfferButtons session={session} acts={acts} />}
        </div>
      </div>
      <details className="group/facts mt-2 border-line border-t">
        <summary className="flex min-h-8 cursor-pointer items-center gap-2 px-4 text-ink-2 text-sm touch:min-h-11">
          <ChevronRight size={13} className="transition-transform group-open/facts:rotate-90" />
          Facts
          {subAgents.length > 0 && (
            <span className="nums text-ink-3">and {plural(subAgents.length, 'sub-agent')}</span>
          )}
        </summary>
        <dl className="grid grid-cols-[6.5rem_1fr] gap-x-3 gap-y-1.5 px-4 pb-3 text-sm touch:items-center">
          <Fact name="folder">{session.cwd && <CopyId text={session.cwd} />}</Fact>
          <Fact name="branch">{session.branch && <CopyId text={session.branch} />}</Fact>
          <Fact name="model">{session.model && <CopyId text={session.model} />}</Fact>
          <Fact name="version">{session.version}</Fact>
          <Fact name="session">
            <CopyId text={session.session} />
          </Fact>
          <Fact name="began">{session.started_at && exact(session.started_at)}</Fact>
          <Fact name="last written">{exact(session.updated_at)}</Fact>
          <Fact name="lasted">{session.duration_ms !== null && duration(session.duration_ms)}</Fact>
          <Fact name="tokens">{session.usage && usageWords(session.usage)}</Fact>
          <Fact name="errors">{session.errors !== null && String(session.errors)}</Fact>
          <Fact name="file">
            {size(session.bytes)}
            {session.read_bytes < session.bytes && `, ${size(session.read_bytes)} read so far`}
          </Fact>
          <Fact name="process">{session.pid !== null && String(session.pid)}</Fact>
          <Fact name="agent">
            {session.agent_id && (
              <Open onClick={() => onAgent(session.agent_id ?? '')}>{session.agent_id}</Open>
            )}
          </Fact>
          {subAgents.map((each) => (
            <Fact key={each.id} name="sub-agent">
              <Open onClick={() => onSession(each.id)}>{each.title || each.session}</Open>
            </Fact>
          ))}
        </dl>
      </details>
    </div>
  );
}

function Remark({ title, children }: { title: string; children: ReactNode }) {
  return (
    <p className="mt-2 break-words border-waiting border-l-2 pl-3 text-ink-2 text-sm">
      <span className="text-waiting">{title}:</span> {children}
    </p>
  );
}

function Open({ onClick, children }: { onClick(): void; children: ReactNode }) {
  return (
    <button
      type="button"
      onClick={onClick}
      className="text-left underline decoration-line-strong underline-offset-2 hover:text-accent touch:min-h-11"
    >
      {children}
    </button>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  if (!children) return null;
  return (
    <>
      <dt className="text-ink-3">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}
