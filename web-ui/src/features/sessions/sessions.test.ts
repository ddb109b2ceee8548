import { describe, expect, it } from 'vitest';
import { transcript } from '@/testing/fixtures';
import { fileName } from './api';
import { changed, projectsOf, queryOf, readFilter, withNewest } from './filter';
import { nearMatch, splitAt } from './marked';
import { costWord, offerOf, shareRead, showSession, size } from './shown';

describe('the filter of sessions', () => {
  it('is read from an address and goes into a request', () => {
    const filter = readFilter({ q: 12, kind: 'codex', cwd: '/a b', hours: '24', live: 'true', odd: 1 });
    expect(filter).toEqual({ q: '12', kind: 'codex', cwd: '/a b', hours: 24, live: true });
    expect(queryOf(filter, 200, 'c-1')).toBe(
      'limit=200&q=12&kind=codex&cwd=%2Fa+b&hours=24&live=true&cursor=c-1',
    );
    expect(readFilter({ q: '', hours: -1, live: 'no' })).toEqual({});
    expect(changed(filter, 'q', undefined)).not.toHaveProperty('q');
  });
});

describe('the list', () => {
  const at = (minute: number) => `2026-11-20T12:${String(minute).padStart(2, '0')}:00Z`;
  const known = [3, 2, 1].map((n) => transcript({ id: `s${n}`, updated_at: at(n) }));
  const ids = (list: { id: string }[]) => list.map(({ id }) => id);

  it('moves up what was written to and keeps what the newest part does not reach', () => {
    const moved = transcript({ id: 's1', updated_at: at(9) });
    const newest = { items: [moved, transcript({ id: 's3', updated_at: at(3) })], next_cursor: 'more' };
    expect(ids(withNewest(known, newest))).toEqual(['s1', 's3', 's2']);
  });

  it('loses what is gone, within the reach of the newest part', () => {
    const two = { items: [transcript({ id: 's2', updated_at: at(2) })], next_cursor: 'more' };
    expect(ids(withNewest(known, two))).toEqual(['s2', 's1']);
    expect(ids(withNewest(known, { ...two, next_cursor: null }))).toEqual(['s2']);
  });

  it('names projects by their last folder, and wholly where two are called alike', () => {
    const of = (cwd: string | null) => transcript({ cwd });
    expect(projectsOf([of('/a/app'), of('/b/app'), of('/b/app'), of('/b/web'), of(null)])).toEqual([
      { cwd: '/b/app', name: '/b/app' },
      { cwd: '/a/app', name: '/a/app' },
      { cwd: '/b/web', name: 'web' },
    ]);
  });

  it('sets off the words that were searched for, whatever they hold', () => {
    expect(splitAt('Mend (the) Wall', 'wall (the')).toEqual(['Mend ', '(the', ') ', 'Wall', '']);
    expect(splitAt('plain', ' ')).toEqual(['plain']);
    const far = `${'before '.repeat(20)}found and after`;
    expect(nearMatch(splitAt(far, 'found'))).toEqual(['…re before before before ', 'found', ' and after']);
    expect(nearMatch(splitAt(far, 'absent'))).toEqual([far]);
  });
});

describe('what one may do with a session', () => {
  it('is to go on, to go on in a copy, to open its agent, or nothing for a reason', () => {
    expect(offerOf(transcript({}))).toEqual({ act: 'resume' });
    const ours = transcript({ live: true, agent_id: 'droid-001', resumable: false });
    expect(offerOf(ours)).toEqual({ act: 'open', agentId: 'droid-001' });
    const why = 'process 7 writes to it; end that first, or fork it';
    expect(offerOf(transcript({ live: true, resumable: false, not_resumable: why }))).toEqual({
      act: 'fork',
      why,
    });
    expect(offerOf(transcript({ resumable: false, not_resumable: 'no folder' })).act).toBe('none');
    // One of ours that has ended may go on.
    expect(offerOf(transcript({ agent_id: 'droid-001' })).act).toBe('resume');
  });

  it('says how it stands in a word', () => {
    expect(showSession(transcript({})).word).toBe('ended');
    expect(showSession(transcript({ live: true, status: 'waiting' })).look).toBe('waiting');
    expect(showSession(transcript({ live: true })).word).toBe('live elsewhere');
  });
});

describe('figures', () => {
  it('say when a price is not known, and when nothing was read', () => {
    expect(costWord(transcript({ cost_usd: 1.234 }))).toBe('$1.23');
    expect(costWord(transcript({ cost_usd: null }))).toBe('cost unknown');
    expect(costWord(transcript({ cost_usd: null, usage: null }))).toBe('not read yet');
  });

  it('are short', () => {
    expect([0, 999, 1_000, 412_345, 5_200_000_000].map(size)).toEqual([
      '0 B',
      '999 B',
      '1.0 KB',
      '412 KB',
      '5.2 GB',
    ]);
  });

  it('tell how much is read until all is', () => {
    const parts = { bytes: 200, summed_bytes: 150, read_bytes: 50 };
    const progress = { listed: true, read: false, summed: true, sessions: 1, problems: [], ...parts };
    expect(shareRead(progress)).toBe(0.25);
    // Tokens are summed first.
    expect(shareRead({ ...progress, summed: false })).toBe(0.75);
    expect(shareRead({ ...progress, read: true })).toBeNull();
    expect(shareRead({ ...progress, listed: false, bytes: 0 })).toBe(0);
  });

  it('make a name for a file', () => {
    const given = { title: 'Mend: the/wall Größe', updated_at: '2026-11-20T12:00:00Z' };
    expect(fileName(transcript(given))).toBe('2026-11-20-mend-the-wall-größe.md');
    expect(fileName(transcript({ ...given, title: '…', session: 'abc' }))).toBe('2026-11-20-abc.md');
  });
});
