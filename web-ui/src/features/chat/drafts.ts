/** Drafts outlive a reload, a crash and a change of view: one per agent. */
import { create } from 'zustand';
import { load, save } from '@/lib/storage';

const keyOf = (sessionId: string) => `draft.${sessionId}`;

/** What was written since the page was loaded; before that, what is kept. */
const useDrafts = create<Record<string, string>>(() => ({}));

export function useDraft(sessionId: string): [draft: string, setDraft: (text: string) => void] {
  const text = useDrafts((drafts) => drafts[sessionId]) ?? load(keyOf(sessionId), '');
  return [text, (next) => setDraft(sessionId, next)];
}

function setDraft(sessionId: string, text: string): void {
  useDrafts.setState({ [sessionId]: text });
  save(keyOf(sessionId), text);
}

/** Adds a word at the end of what is being written. */
export function addToDraft(sessionId: string, word: string): void {
  const text = useDrafts.getState()[sessionId] ?? load(keyOf(sessionId), '');
  const gap = text === '' || /\s$/.test(text) ? '' : ' ';
  setDraft(sessionId, `${text}${gap}${word} `);
}
