/** A terminal at a glance: sampled twice a second, painted on a canvas, never through React state. */
import { useEffect, useRef } from 'react';
import { useClient } from '@/lib/client';
import { ThumbnailPainter } from './thumbnail-painter';

interface ThumbnailProps {
  sessionId: string;
  /** Width over height of the picture; the lower end of the screen is what shows. */
  ratio?: number;
  onCaption?(line: string): void;
}

export function Thumbnail({ sessionId, ratio = 1.6, onCaption }: ThumbnailProps) {
  const { hub } = useClient();
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const caption = useRef(onCaption);
  caption.current = onCaption;

  useEffect(() => {
    if (!canvas.current || !frame.current) return;
    const painter = new ThumbnailPainter(canvas.current);
    let detach: (() => void) | null = null;
    // Only what is in sight is sampled: the daemon captures nothing for the rest.
    const sight = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting && !detach) {
        detach = hub.attach(sessionId, {
          mode: 'sampled',
          sample: (sample) => {
            const line = painter.paint(sample);
            caption.current?.(line);
          },
        });
      } else if (!entry?.isIntersecting && detach) {
        detach();
        detach = null;
      }
    });
    sight.observe(frame.current);
    const size = new ResizeObserver(() => painter.repaint());
    size.observe(frame.current);
    // A canvas does not notice that a font has come.
    const fonts = () => painter.repaint();
    document.fonts.addEventListener('loadingdone', fonts);
    return () => {
      document.fonts.removeEventListener('loadingdone', fonts);
      sight.disconnect();
      size.disconnect();
      detach?.();
    };
  }, [hub, sessionId]);

  return (
    <div ref={frame} className="relative overflow-hidden bg-[#0b0e10]" style={{ aspectRatio: String(ratio) }}>
      <canvas ref={canvas} className="absolute inset-x-0 top-0 block w-full" />
    </div>
  );
}
