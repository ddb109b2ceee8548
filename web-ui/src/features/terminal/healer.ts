/** Compares the screen with what the daemon says it should be, once the emulator has parsed everything. */
import type { ClientMessage, ServerMessage } from '@/protocol/types';
import { hashScreen, type Screen } from './screen-hash';

type ScreenHashMessage = Extract<ServerMessage, { type: 'screen_hash' }>;
type Emulator = Screen & { write(data: string, parsed: () => void): void };

/** `place` is the channel and the number of the next live byte. */
export function compareScreen(
  emulator: Emulator,
  message: ScreenHashMessage,
  place: () => { channel: number; next: number | null },
  send: (message: ClientMessage) => void,
): void {
  emulator.write('', () => {
    const { channel, next } = place();
    if (channel !== message.channel || next !== message.seq) return;
    const { hash, rows, modes } = hashScreen(emulator);
    if (hash !== message.hash) send({ type: 'screen_mismatch', channel, seq: message.seq, rows, modes });
  });
}
