/** How a session file is read in stretches: on from a byte, or back from one. */
import type { Api } from '@/lib/http';
import type { Entry, TranscriptView } from '@/protocol/types';

/** Where a reading begins: an entry's offset, or one of the two ends. */
export type Start = 'start' | 'end' | number;

/** Entries of the file from `begin` up to `next`. */
export interface Stretch {
  entries: Entry[];
  begin: number;
  next: number;
  /** Nothing was behind it when it was read. */
  atEnd: boolean;
  unreadable: number;
  view: Pick<TranscriptView, 'transcript' | 'children'>;
}

/** Entries that one answer brings. */
export const STEP = 200;
/** Most that one answer may bring, for going back. */
const MOST = 1000;
/** How far one goes back at a time; more where one record is longer than that. */
const BACK = 64 * 1024;

function at(
  api: Api,
  id: string,
  from: number,
  limit: number,
  signal?: AbortSignal,
): Promise<TranscriptView> {
  return api.get<TranscriptView>(
    `/api/transcripts/${encodeURIComponent(id)}?from=${from}&limit=${limit}`,
    signal,
  );
}

export async function readOn(
  api: Api,
  id: string,
  from: number,
  signal?: AbortSignal,
  limit = STEP,
): Promise<Stretch> {
  const view = await at(api, id, from, limit, signal);
  return {
    entries: view.entries,
    begin: from,
    next: view.next_offset,
    atEnd: view.at_end,
    unreadable: view.unreadable,
    view,
  };
}

/** The file is only read forwards, so one begins some way before and keeps what lies ahead of `before`. */
export async function readBack(api: Api, id: string, before: number, signal?: AbortSignal): Promise<Stretch> {
  for (let far = BACK; ; far *= 4) {
    const from = Math.max(0, before - far);
    const stretch = await readBetween(api, id, from, before, signal);
    if (stretch.entries.length > 0 || from === 0) {
      // The first line may have been cut; what comes before it is read with the next step back.
      return { ...stretch, begin: from === 0 ? 0 : (stretch.entries[0]?.offset ?? from) };
    }
  }
}

async function readBetween(
  api: Api,
  id: string,
  from: number,
  before: number,
  signal?: AbortSignal,
): Promise<Stretch> {
  let next = from;
  let unreadable = 0;
  const entries: Entry[] = [];
  for (;;) {
    const view = await at(api, id, next, MOST, signal);
    entries.push(...view.entries.filter(({ offset }) => offset < before));
    unreadable += view.unreadable;
    const stuck = view.next_offset <= next;
    next = view.next_offset;
    if (next >= before || view.at_end || stuck) {
      return { entries, begin: from, next: before, atEnd: false, unreadable, view };
    }
  }
}

/** The first stretch of a reading. */
export async function readFirst(api: Api, id: string, start: Start, signal?: AbortSignal): Promise<Stretch> {
  if (start === 'start') return readOn(api, id, 0, signal);
  if (start !== 'end') return readOn(api, id, start, signal);
  const { transcript } = await at(api, id, 0, 0, signal);
  const last = await readBack(api, id, transcript.bytes, signal);
  // What was written meanwhile belongs to the end too.
  const rest = await readOn(api, id, last.next, signal);
  return {
    ...rest,
    entries: [...last.entries, ...rest.entries],
    begin: last.begin,
    unreadable: last.unreadable + rest.unreadable,
  };
}
