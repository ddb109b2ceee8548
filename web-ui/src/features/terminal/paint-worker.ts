/** Runs beside the page: paints thumbnails, so that fifty screens that change leave the page's own thread to its person. */
import monoUrl from '@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2?url';
import { type ScreenName, useScreen } from '@/lib/terminal-theme';
import symbolsUrl from '@/styles/fonts/symbols.woff2?url';
import { type Box, type Painted, type Picture, ThumbnailPainter } from './thumbnail-painter';

/** What the page says. */
export type Order =
  | { type: 'open'; id: number; canvas: OffscreenCanvas }
  | { type: 'box'; id: number; box: Box }
  | { type: 'frame'; id: number; picture: Picture }
  | { type: 'close'; id: number }
  | { type: 'colours'; name: ScreenName };

/** What it hears of a painting that shows something else than the one before. */
export type Told = Painted & { id: number };

interface Place {
  painter: ThumbnailPainter;
  told: string;
}

const places = new Map<number, Place>();
/** Frames that wait; where more come than can be painted, the newest one of each screen is. */
const waiting = new Map<number, Picture>();
const here = globalThis as unknown as {
  fonts: FontFaceSet;
  onmessage: (event: { data: Order }) => void;
  postMessage(told: Told): void;
};

function tell(id: number, place: Place, painted: Painted | null): void {
  if (!painted) return;
  const said = `${painted.up} ${painted.caption}`;
  if (said === place.told) return;
  place.told = said;
  here.postMessage({ id, ...painted });
}

function repaintAll(): void {
  for (const [id, place] of places) tell(id, place, place.painter.repaint());
}

/** In a task of its own, behind the messages that have come by then. */
function paintWaiting(): void {
  for (const [id, picture] of waiting) {
    const place = places.get(id);
    if (place) tell(id, place, place.painter.paint(picture));
  }
  waiting.clear();
}

here.onmessage = ({ data }) => {
  switch (data.type) {
    case 'open':
      places.set(data.id, { painter: new ThumbnailPainter(data.canvas), told: '' });
      return;
    case 'box': {
      const place = places.get(data.id);
      if (place) tell(data.id, place, place.painter.repaint(data.box));
      return;
    }
    case 'frame':
      if (waiting.size === 0) setTimeout(paintWaiting);
      waiting.set(data.id, data.picture);
      return;
    case 'close':
      places.delete(data.id);
      waiting.delete(data.id);
      return;
    case 'colours':
      useScreen.setState({ name: data.name });
      repaintAll();
      return;
    default:
      data satisfies never;
  }
};

for (const face of [
  new FontFace('JetBrains Mono Variable', `url(${monoUrl})`, { weight: '100 800' }),
  new FontFace('Orchestra Symbols', `url(${symbolsUrl})`),
]) {
  here.fonts.add(face);
  // Until then, and without it, a font of the system stands in.
  void face.load().then(repaintAll, () => undefined);
}
