/** Drafts outlive a reload, a crash and a change of view: one per agent. */
import { useEffect, useState } from 'react';
import { load, save } from '@/lib/storage';

export function useDraft(sessionId: string): [draft: string, setDraft: (text: string) => void] {
  const key = `draft.${sessionId}`;
  const [state, setState] = useState(() => ({ key, text: load(key, '') }));
  const text = state.key === key ? state.text : load(key, '');
  useEffect(() => {
    setState((now) => (now.key === key ? now : { key, text: load(key, '') }));
  }, [key]);
  return [
    text,
    (next) => {
      setState({ key, text: next });
      save(key, next);
    },
  ];
}
