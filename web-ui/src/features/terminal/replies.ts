/** Queries that a program asks its terminal: tmux answers them, so xterm.js must stay silent. */
import type { IDisposable, IParser } from '@xterm/xterm';

/** Swallows every query whose answer would arrive at the agent as keys nobody pressed. */
export function swallowQueries(parser: IParser): IDisposable[] {
  const swallow = () => true;
  const csi = [
    { final: 'c' },
    { prefix: '>', final: 'c' },
    { prefix: '=', final: 'c' },
    { final: 'n' },
    { prefix: '?', final: 'n' },
    { intermediates: '$', final: 'p' },
    { prefix: '?', intermediates: '$', final: 'p' },
    { prefix: '>', final: 'q' },
    { prefix: '?', final: 'u' },
    { final: 't' },
  ];
  const asks = (data: string) => data.includes('?');
  return [
    ...csi.map((id) => parser.registerCsiHandler(id, swallow)),
    parser.registerDcsHandler({ intermediates: '$', final: 'q' }, swallow),
    parser.registerDcsHandler({ intermediates: '+', final: 'q' }, swallow),
    parser.registerOscHandler(4, asks),
    parser.registerOscHandler(10, asks),
    parser.registerOscHandler(11, asks),
    parser.registerOscHandler(12, asks),
    // The clipboard belongs to the person: copying is by selection only.
    parser.registerOscHandler(52, swallow),
  ];
}

/** Focus reports are the page's own doing and would only confuse the agent behind tmux. */
export function isReport(data: string): boolean {
  return data === '\x1b[I' || data === '\x1b[O';
}
