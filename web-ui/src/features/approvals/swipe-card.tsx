/** A card that a finger can pull: what the pull would do stands behind it. */
import { clsx } from 'clsx';
import { Check, X } from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';
import { Swipe } from './swipe';
import './swipe.css';

interface SwipeCardProps {
  /** False where there is nothing to answer by a pull. */
  able: boolean;
  onAllow(): void;
  onDeny(): void;
  children: ReactNode;
}

export function SwipeCard({ able, onAllow, onDeny, children }: SwipeCardProps) {
  const card = useRef<HTMLDivElement>(null);
  const acts = useRef({ onAllow, onDeny });
  acts.current = { onAllow, onDeny };
  useEffect(() => {
    if (!able || !card.current) return;
    const swipe = new Swipe(card.current, (side) =>
      side === 'right' ? acts.current.onAllow() : acts.current.onDeny(),
    );
    return () => swipe.dispose();
  }, [able]);
  return (
    <div ref={card} data-swipe={able} className="swipe">
      {able && (
        <>
          <Behind side="right" className="justify-start text-done">
            <Check size={18} /> Allow once
          </Behind>
          <Behind side="left" className="justify-end text-failed">
            Deny <X size={18} />
          </Behind>
        </>
      )}
      <div className="swipe-front">{children}</div>
    </div>
  );
}

/** Only the finger sees it; the buttons say the same to everybody else. */
function Behind({ side, className, children }: { side: string; className: string; children: ReactNode }) {
  return (
    <span
      aria-hidden="true"
      data-side={side}
      className={clsx(
        'swipe-behind items-center gap-2 rounded-lg bg-sunken px-5 font-medium text-sm',
        className,
      )}
    >
      {children}
    </span>
  );
}
