/** The bar above what is on the stage: what it is, how one looks at it, what one can do. */
import type { ReactNode } from 'react';

export function StageHead({ title, views, menu }: { title: ReactNode; views?: ReactNode; menu: ReactNode }) {
  return (
    <header className="flex min-h-10 items-center gap-2 border-line border-b bg-surface pr-2 pl-3 touch:min-h-12">
      <div className="flex min-w-0 flex-1 items-center gap-2.5 overflow-hidden">{title}</div>
      {views}
      <div className="flex shrink-0 items-center gap-1">{menu}</div>
    </header>
  );
}
