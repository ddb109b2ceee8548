/** Frames of a terminal, twice a second, for as long as an element is in sight: the daemon captures nothing for the rest. */
import { type RefObject, useEffect, useRef } from 'react';
import { useClient } from '@/lib/client';
import type { Sample } from '@/lib/terminal-hub';

export function useSampled(
  place: RefObject<HTMLElement | null>,
  sessionId: string,
  onSample: (sample: Sample) => void,
  onPaused?: () => void,
): void {
  const { hub } = useClient();
  const listener = useRef({ onSample, onPaused });
  listener.current = { onSample, onPaused };
  useEffect(() => {
    if (!place.current) return;
    let detach: (() => void) | null = null;
    const sight = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting && !detach) {
        detach = hub.attach(sessionId, {
          mode: 'sampled',
          sample: (sample) => listener.current.onSample(sample),
          paused: () => listener.current.onPaused?.(),
        });
      } else if (!entry?.isIntersecting && detach) {
        detach();
        detach = null;
      }
    });
    sight.observe(place.current);
    return () => {
      sight.disconnect();
      detach?.();
    };
  }, [hub, sessionId, place]);
}
