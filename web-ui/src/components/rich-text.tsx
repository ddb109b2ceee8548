/** Agents' text: plain until the markdown has been loaded, then as it was meant. */
import { lazy, Suspense } from 'react';

const Markdown = lazy(() => import('./markdown'));

export function RichText({ text }: { text: string }) {
  return (
    <Suspense
      fallback={
        <p aria-busy="true" className="whitespace-pre-wrap break-words">
          {text}
        </p>
      }
    >
      <Markdown text={text} />
    </Suspense>
  );
}
