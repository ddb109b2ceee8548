/** A terminal at a glance: sampled twice a second, painted on a canvas, never through React state. */
import { useEffect, useRef } from 'react';
import { useScreen } from '@/lib/terminal-theme';
import { ThumbnailPainter } from './thumbnail-painter';
import { useSampled } from './use-sampled';

interface ThumbnailProps {
  sessionId: string;
  /** Width over height of the picture; the lower end of the screen is what shows. */
  ratio?: number;
  onCaption?(line: string): void;
}

export function Thumbnail({ sessionId, ratio = 1.6, onCaption }: ThumbnailProps) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const painter = useRef<ThumbnailPainter>(null);
  const colours = useScreen((state) => state.name);

  useEffect(() => {
    if (!canvas.current || !frame.current) return;
    const made = new ThumbnailPainter(canvas.current);
    painter.current = made;
    const size = new ResizeObserver(() => made.repaint());
    size.observe(frame.current);
    // A canvas does not notice that a font has come.
    const fonts = () => made.repaint();
    document.fonts.addEventListener('loadingdone', fonts);
    return () => {
      document.fonts.removeEventListener('loadingdone', fonts);
      size.disconnect();
    };
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other colours are another painting
  useEffect(() => painter.current?.repaint(), [colours]);
  useSampled(frame, sessionId, (sample) => {
    const line = painter.current?.paint(sample);
    if (line !== undefined) onCaption?.(line);
  });

  return (
    <div ref={frame} className="relative overflow-hidden bg-screen" style={{ aspectRatio: String(ratio) }}>
      <canvas ref={canvas} className="absolute inset-x-0 top-0 block w-full" />
    </div>
  );
}
