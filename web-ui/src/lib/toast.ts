/** Words in a corner of the page. What shows them is loaded with the first of them, not with the page. */
import type { ExternalToast, toast as Sonner } from 'sonner';

type Toast = typeof Sonner;

/** The host and what speaks to it, once the host stands. */
let host: Promise<Toast> | null = null;
let stands: () => void = () => undefined;
let ask: () => void = () => undefined;

/** The page gives a way to put the host up; it calls `hostStands` when that is done. */
export function onFirstToast(putUp: () => void): void {
  ask = putUp;
}

export function hostStands(): void {
  stands();
}

function speak(say: (to: Toast) => void): void {
  host ??= new Promise<void>((resolve) => {
    stands = resolve;
    ask();
  }).then(async () => (await import('sonner')).toast);
  void host.then(say).catch(() => undefined);
}

export const toast = Object.assign(
  (words: string, options?: ExternalToast) => speak((to) => to(words, options)),
  {
    error: (words: string, options?: ExternalToast) => speak((to) => to.error(words, options)),
    success: (words: string, options?: ExternalToast) => speak((to) => to.success(words, options)),
    dismiss: (id: string) => {
      if (host) speak((to) => to.dismiss(id));
    },
  },
);
