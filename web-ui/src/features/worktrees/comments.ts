/** Comments that are not sent yet: kept in the browser, one list per worktree. */
import { useState } from 'react';
import { load, save } from '@/lib/storage';
import { type Comment, placeOf } from './diff-rows';

export function useComments(worktreeId: string) {
  const key = `comments.${worktreeId}`;
  const [comments, setComments] = useState(() => load<Comment[]>(key, []));
  const keep = (next: Comment[]) => {
    setComments(next);
    save(key, next.length > 0 ? next : null);
  };
  return {
    comments,
    /** One for each line: a new one takes the old one's place, an empty one takes it away. */
    put(comment: Comment) {
      const others = comments.filter((one) => placeOf(one) !== placeOf(comment));
      keep(comment.text.trim() ? [...others, comment] : others);
    },
    clear: () => keep([]),
  };
}
