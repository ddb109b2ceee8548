/** A terminal at a glance: sampled twice a second, painted on a canvas, never through React state. */
import { useEffect, useRef } from 'react';
import { type Canvas, openCanvas } from './thumbnails';
import { useSampled } from './use-sampled';

interface ThumbnailProps {
  sessionId: string;
  /** Width over height of the picture; the lower end of the screen is what shows. */
  ratio?: number;
  onCaption?(line: string): void;
}

export function Thumbnail({ sessionId, ratio = 1.6, onCaption }: ThumbnailProps) {
  const frame = useRef<HTMLDivElement>(null);
  const picture = useRef<Canvas>(null);
  const caption = useRef(onCaption);
  caption.current = onCaption;

  useEffect(() => {
    const box = frame.current;
    if (!box) return;
    // Made here: a canvas can be handed over once only.
    const canvas = document.createElement('canvas');
    canvas.className = 'absolute inset-x-0 top-0 block w-full';
    box.append(canvas);
    const made = openCanvas(canvas, ({ caption: line, up }) => {
      canvas.style.transform = up ? `translateY(${-up}px)` : '';
      box.dataset.sampled = 'shown';
      caption.current?.(line);
    });
    picture.current = made;
    const size = new ResizeObserver(() => {
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      made.box({ width: box.clientWidth, height: box.clientHeight, ratio });
    });
    size.observe(box);
    return () => {
      size.disconnect();
      made.dispose();
      canvas.remove();
    };
  }, []);
  useSampled(frame, sessionId, (sample) => {
    picture.current?.paint(sample);
    return 'later';
  });

  return (
    <div ref={frame} className="relative overflow-hidden bg-screen" style={{ aspectRatio: String(ratio) }} />
  );
}
