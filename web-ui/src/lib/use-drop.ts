/** Files for an agent: dropped, pasted or picked, sent to its folder one after the other. */
import { type ClipboardEvent, type DragEvent, useRef, useState } from 'react';
import type { DroppedFile } from '@/protocol/types';
import { useClient, useMay } from './client';
import { explain } from './http';
import { toast } from './toast';

/** As the daemon has it. */
const MAX_FILE = 32 * 1024 * 1024;

export interface Drop {
  /** False for those who may not type here, and while there is no agent. */
  able: boolean;
  /** Files are held over the place. */
  over: boolean;
  /** Names of those under way. */
  sending: readonly string[];
  take(files: Iterable<File>): void;
  handlers: {
    onDragEnter(event: DragEvent): void;
    onDragOver(event: DragEvent): void;
    onDragLeave(event: DragEvent): void;
    onDrop(event: DragEvent): void;
    onPasteCapture(event: ClipboardEvent): void;
  };
}

/** `onLanded` gets each file's path, relative to the agent's folder. */
export function useDrop(agentId: string, live: boolean, onLanded: (path: string) => void): Drop {
  const { api } = useClient();
  const able = useMay('terminal:type') && live;
  const [over, setOver] = useState(false);
  const [sending, setSending] = useState<readonly string[]>([]);
  const queue = useRef(Promise.resolve());
  // Entering a child leaves its parent: only the last one that is left counts.
  const inside = useRef(0);

  const send = async (file: File) => {
    try {
      const path = `/api/agents/${agentId}/files?name=${encodeURIComponent(file.name)}`;
      onLanded((await api.send<DroppedFile>(path, file)).path);
    } catch (error) {
      toast.error(`${file.name} was not sent`, { description: explain(error) });
    }
    setSending((names) => names.slice(1));
  };
  const take = (files: Iterable<File>) => {
    for (const file of files) {
      if (file.size > MAX_FILE) {
        toast.error(`${file.name} is too large`, { description: 'At most 32 MiB are taken.' });
        continue;
      }
      setSending((names) => [...names, file.name]);
      queue.current = queue.current.then(() => send(file));
    }
  };
  const moved = (event: DragEvent, step: number) => {
    if (!able || !event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    inside.current = Math.max(0, inside.current + step);
    setOver(inside.current > 0);
  };
  return {
    able,
    over,
    sending,
    take,
    handlers: {
      onDragEnter: (event) => moved(event, 1),
      onDragOver: (event) => moved(event, 0),
      onDragLeave: (event) => moved(event, -1),
      onDrop: (event) => {
        moved(event, -inside.current);
        if (able) take(event.dataTransfer.files);
      },
      // Before the emulator or the box gets it, which would take the name for text.
      onPasteCapture: (event) => {
        const { files } = event.clipboardData;
        if (!able || files.length === 0) return;
        event.preventDefault();
        event.stopPropagation();
        take(files);
      },
    },
  };
}
