/** Who is connected now, from where, and since when. */
import { useQuery } from '@tanstack/react-query';
import { Ago } from '@/components/time';
import { useClient } from '@/lib/client';
import { socketsQuery } from './api';

export function OpenSockets() {
  const { api } = useClient();
  const sockets = useQuery(socketsQuery(api));
  if (!sockets.data?.length) return null;
  return (
    <section className="space-y-3" aria-label="Open sockets">
      <h2 className="label">open sockets</h2>
      <ul className="divide-y divide-line rounded-lg border border-line bg-surface text-sm">
        {sockets.data.map((socket) => (
          <li key={socket.id} className="flex flex-wrap items-baseline gap-3 px-4 py-2">
            <span className="min-w-0 flex-1 truncate">{socket.name}</span>
            <span className="font-mono text-ink-2 text-xs">{socket.ip}</span>
            <span className="w-16 text-right text-ink-3 text-xs">
              <Ago at={socket.opened_at} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
