import { beforeEach, describe, expect, it } from 'vitest';
import { message } from '@/testing/fixtures';
import { fromResponse, inOrder, newer, type Talk, withMessage } from './messages';
import { useOutbox } from './outbox';

const talk = (...items: ReturnType<typeof message>[]): Talk => ({
  pages: [{ items, next_cursor: null }],
  pageParams: [null],
});
const later = '2026-11-20T12:00:05Z';

describe('receipts', () => {
  it('lay over a message in its place, and a new one comes last', () => {
    const before = talk(message({ id: 'm2' }), message({ id: 'm1' }));
    const read = withMessage(before, message({ id: 'm1', status: 'accepted', updated_at: later }));
    expect(inOrder(read).map(({ id, status }) => [id, status])).toEqual([
      ['m1', 'accepted'],
      ['m2', 'queued'],
    ]);
    expect(inOrder(withMessage(read, message({ id: 'm3' }))).at(-1)?.id).toBe('m3');
    expect(withMessage(undefined, message())).toBeUndefined();
  });

  it('never go back', () => {
    const answered = message({ status: 'answered', updated_at: later });
    expect(newer(answered, message({ status: 'pasted' })).status).toBe('answered');
    expect(newer(answered, message({ status: 'submitted', updated_at: later })).status).toBe('answered');
    expect(newer(message({ status: 'pasted' }), message({ status: 'accepted' })).status).toBe('accepted');
  });

  it('an answer that comes as a response and as a message is one answer', () => {
    const response = fromResponse(
      {
        type: 'claude_response',
        content: 'hi',
        actions: [],
        session_id: 'sess-primary',
        message_id: 'a1',
        event: 1,
      },
      later,
    );
    const once = withMessage(talk(), response);
    const twice = withMessage(
      once,
      message({ id: 'a1', author: 'assistant', status: 'answered', text: 'hi' }),
    );
    expect(inOrder(twice)).toHaveLength(1);
  });
});

describe('the outbox', () => {
  const item = (client_id: string, text: string, session_id = 'sess-primary') => ({
    client_id,
    session_id,
    text,
    created_at: later,
    refusal: null,
  });

  beforeEach(() => useOutbox.setState({ items: [] }));

  it('keeps a message until a receipt tells of it, one for one', () => {
    const { add, arrived } = useOutbox.getState();
    add(item('c1', 'yes'));
    add(item('c2', 'yes'));
    add(item('c3', 'yes', 'sess-droid-001'));
    arrived(message({ text: 'yes' }));
    expect(useOutbox.getState().items.map((each) => each.client_id)).toEqual(['c2', 'c3']);
    arrived(message({ text: 'yes', author: 'assistant' }));
    arrived(message({ text: 'other' }));
    expect(useOutbox.getState().items).toHaveLength(2);
    arrived(message({ id: 'c2', text: 'yes, neutralised' }));
    expect(useOutbox.getState().items.map((each) => each.client_id)).toEqual(['c3']);
  });

  it('survives a reload', () => {
    useOutbox.getState().add(item('c1', 'yes'));
    expect(sessionStorage.getItem('orchestra.outbox')).toContain('c1');
    useOutbox.getState().remove('c1');
    expect(sessionStorage.getItem('orchestra.outbox')).toBeNull();
  });

  it('marks the oldest as refused and keeps its words', () => {
    const { add, refuse } = useOutbox.getState();
    add(item('c1', 'a'));
    add(item('c2', 'b'));
    refuse('sess-primary', 'too long');
    refuse(null, 'not now');
    expect(useOutbox.getState().items.map(({ refusal }) => refusal)).toEqual(['too long', 'not now']);
  });
});
