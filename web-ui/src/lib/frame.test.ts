import { expect, it } from 'vitest';
import { decodeFrame, nextSeq } from './frame';

function bytes(kind: number, channel: number, seq: bigint, payload: number[]): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(13 + payload.length));
  view.setUint8(0, kind);
  view.setUint32(1, channel);
  view.setBigUint64(5, seq);
  payload.forEach((byte, i) => {
    view.setUint8(13 + i, byte);
  });
  return view.buffer;
}

it('reads what the daemon writes', () => {
  const frame = decodeFrame(bytes(1, 7, 4_294_967_301n, [104, 105]));
  expect(frame).toMatchObject({ kind: 'output', channel: 7, seq: 4_294_967_301 });
  expect([...(frame?.payload ?? [])]).toEqual([104, 105]);
  expect(frame && nextSeq(frame)).toBe(4_294_967_303);
});

it('a snapshot tells the number of the next live byte', () => {
  const frame = decodeFrame(bytes(3, 1, 90n, [1, 2, 3]));
  expect(frame && nextSeq(frame)).toBe(90);
});

it('refuses what is no frame', () => {
  expect(decodeFrame(new ArrayBuffer(12))).toBeNull();
  expect(decodeFrame(bytes(9, 1, 0n, []))).toBeNull();
  expect(decodeFrame(bytes(0, 1, 0n, []))).toBeNull();
});
