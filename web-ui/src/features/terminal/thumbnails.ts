/** Canvases of thumbnails: painted beside the page where the browser can do that, else in it. */
import { useScreen } from '@/lib/terminal-theme';
import { trustedScript } from '@/lib/trusted-script';
import type { Order, Told } from './paint-worker';
import workerUrl from './paint-worker?worker&url';
import { type Box, type Painted, type Picture, ThumbnailPainter } from './thumbnail-painter';

/** One canvas that shows a screen. */
export interface Canvas {
  box(box: Box): void;
  paint(picture: Picture): void;
  dispose(): void;
}

type OnPainted = (painted: Painted) => void;

/** Puts a screen onto a canvas that nothing was drawn on yet. */
export function openCanvas(canvas: HTMLCanvasElement, onPainted: OnPainted): Canvas {
  const beside = 'transferControlToOffscreen' in canvas ? PaintWorker.shared() : null;
  return beside ? beside.open(canvas, onPainted) : inPage(canvas, onPainted);
}

function inPage(canvas: HTMLCanvasElement, onPainted: OnPainted): Canvas {
  const painter = new ThumbnailPainter(canvas);
  const tell = (painted: Painted | null) => painted && onPainted(painted);
  const again = () => tell(painter.repaint());
  // A canvas does not notice that a font has come.
  document.fonts.addEventListener('loadingdone', again);
  const colours = useScreen.subscribe(again);
  return {
    box: (box) => tell(painter.repaint(box)),
    paint: (picture) => tell(painter.paint(picture)),
    dispose() {
      document.fonts.removeEventListener('loadingdone', again);
      colours();
    },
  };
}

/** The worker of this tab, started when the first thumbnail shows. */
class PaintWorker {
  static #shared: PaintWorker | null | undefined;
  readonly #worker: Worker;
  readonly #listeners = new Map<number, OnPainted>();
  #last = 0;

  /** Null where the browser starts none. */
  static shared(): PaintWorker | null {
    if (PaintWorker.#shared === undefined) {
      try {
        PaintWorker.#shared = new PaintWorker();
      } catch {
        PaintWorker.#shared = null;
      }
    }
    return PaintWorker.#shared;
  }

  constructor() {
    this.#worker = new Worker(trustedScript(workerUrl));
    this.#worker.onmessage = ({ data: { id, ...painted } }: MessageEvent<Told>) =>
      this.#listeners.get(id)?.(painted);
    // Those that open from now on are painted in the page.
    this.#worker.onerror = () => {
      PaintWorker.#shared = null;
    };
    const colours = () => this.#order({ type: 'colours', name: useScreen.getState().name });
    colours();
    useScreen.subscribe(colours);
  }

  open(canvas: HTMLCanvasElement, onPainted: OnPainted): Canvas {
    this.#last += 1;
    const id = this.#last;
    this.#listeners.set(id, onPainted);
    const offscreen = canvas.transferControlToOffscreen();
    this.#order({ type: 'open', id, canvas: offscreen }, [offscreen]);
    return {
      box: (box) => this.#order({ type: 'box', id, box }),
      paint: ({ data, cols, rows }) => this.#order({ type: 'frame', id, picture: { data, cols, rows } }),
      dispose: () => {
        this.#listeners.delete(id);
        this.#order({ type: 'close', id });
      },
    };
  }

  #order(order: Order, transfer: Transferable[] = []): void {
    this.#worker.postMessage(order, transfer);
  }
}
