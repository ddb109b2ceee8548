/** Binary frames of the live stream: kind, channel, number of the first byte, payload. */

export const FRAME_HEADER = 13;

export type FrameKind = 'output' | 'snapshot_part' | 'snapshot' | 'gap' | 'heal';

const KINDS: readonly (FrameKind | undefined)[] = [
  undefined,
  'output',
  'snapshot_part',
  'snapshot',
  'gap',
  'heal',
];

export interface Frame {
  kind: FrameKind;
  channel: number;
  /** Stream number of the first payload byte (output), or of the next live byte (the others). */
  seq: number;
  payload: Uint8Array;
}

/** Reads one frame; null for bytes that are none. */
export function decodeFrame(buffer: ArrayBuffer): Frame | null {
  if (buffer.byteLength < FRAME_HEADER) return null;
  const view = new DataView(buffer);
  const kind = KINDS[view.getUint8(0)];
  if (!kind) return null;
  return {
    kind,
    channel: view.getUint32(1),
    seq: Number(view.getBigUint64(5)),
    payload: new Uint8Array(buffer, FRAME_HEADER),
  };
}

/** The number of the next live byte after this frame. */
export function nextSeq(frame: Frame): number {
  return frame.kind === 'output' ? frame.seq + frame.payload.length : frame.seq;
}
