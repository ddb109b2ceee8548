/** Frames of a terminal, twice a second, for as long as an element is in sight: the daemon captures nothing for the rest. */
import { type RefObject, useEffect, useRef } from 'react';
import { useClient } from '@/lib/client';
import type { Sample } from '@/lib/terminal-hub';

export function useSampled(
  place: RefObject<HTMLElement | null>,
  sessionId: string,
  /** `later` when the picture is not there yet and the callee says itself when it is. */
  onSample: (sample: Sample) => unknown,
  onPaused?: () => void,
): void {
  const { hub } = useClient();
  const listener = useRef({ onSample, onPaused });
  listener.current = { onSample, onPaused };
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    // Says on the element itself whether a picture is still awaited.
    const shown = () => {
      element.dataset.sampled = 'shown';
    };
    let detach: (() => void) | null = null;
    const sight = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting && !detach) {
        element.dataset.sampled ??= 'awaited';
        detach = hub.attach(sessionId, {
          mode: 'sampled',
          sample: (sample) => {
            if (listener.current.onSample(sample) !== 'later') shown();
          },
          // One that may not be seen, or is gone, is not awaited any more.
          refused: shown,
          paused: () => {
            listener.current.onPaused?.();
            shown();
          },
        });
      } else if (!entry?.isIntersecting && detach) {
        shown();
        detach();
        detach = null;
      }
    });
    sight.observe(element);
    return () => {
      sight.disconnect();
      detach?.();
    };
  }, [hub, sessionId, place]);
}
