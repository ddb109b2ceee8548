/** Takes `ESC k title ESC \` out of a byte stream: tmux eats it, but xterm.js would print the title. */

const ESC = 0x1b;
const K = 0x6b;
const BACKSLASH = 0x5c;
const BEL = 0x07;

type State = 'text' | 'escape' | 'title' | 'title_escape';

export class TitleFilter {
  #state: State = 'text';

  /** The bytes to show. An ESC at the end is held back until its next byte is known. */
  filter(bytes: Uint8Array): Uint8Array {
    if (this.#state === 'text' && !hasTitle(bytes)) return bytes;
    const out = new Uint8Array(bytes.length + 1);
    let length = 0;
    for (const byte of bytes) {
      switch (this.#state) {
        case 'text':
          if (byte === ESC) this.#state = 'escape';
          else out[length++] = byte;
          break;
        case 'escape':
          if (byte === K) this.#state = 'title';
          else {
            out[length++] = ESC;
            if (byte !== ESC) out[length++] = byte;
            this.#state = byte === ESC ? 'escape' : 'text';
          }
          break;
        case 'title':
          if (byte === ESC) this.#state = 'title_escape';
          else if (byte === BEL) this.#state = 'text';
          break;
        case 'title_escape':
          this.#state = byte === BACKSLASH ? 'text' : byte === ESC ? 'title_escape' : 'title';
          break;
        default:
          this.#state satisfies never;
      }
    }
    return out.subarray(0, length);
  }

  reset(): void {
    this.#state = 'text';
  }
}

function hasTitle(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(ESC); at !== -1; at = bytes.indexOf(ESC, at + 1)) {
    if (at + 1 === bytes.length || bytes[at + 1] === K) return true;
  }
  return false;
}
