/** How far the comments got: the receipt of their one message. */
import { useEffect, useState } from 'react';
import { Button } from '@/components/ui/button';
import { useClient } from '@/lib/client';
import { explain } from '@/lib/http';
import { toast } from '@/lib/toast';
import { uuid } from '@/lib/uuid';
import type { Message } from '@/protocol/types';

/** Sends one message to an agent and follows its receipt. */
export function useSendOnce(agentId: string) {
  const { api, socket } = useClient();
  const [sent, setSent] = useState<Message | null>(null);
  const [sending, setSending] = useState(false);
  const id = sent?.id;
  useEffect(() => {
    if (!id) return;
    return socket.message.on((heard) => {
      if (heard.type === 'receipt' && heard.message.id === id) setSent(heard.message);
    });
  }, [socket, id]);
  const send = async (text: string): Promise<boolean> => {
    setSending(true);
    try {
      const key = uuid();
      setSent(await api.post<Message>(`/api/agents/${agentId}/messages`, { text, client_id: key }, key));
      return true;
    } catch (error) {
      toast.error(explain(error));
      return false;
    } finally {
      setSending(false);
    }
  };
  return { sent, sending, send };
}

export function SentLine({ message, onTalk }: { message: Message; onTalk(): void }) {
  return (
    <p
      role="status"
      className="flex shrink-0 items-center gap-3 border-line border-t bg-surface px-4 py-2 text-sm"
    >
      <span className={message.status === 'failed' ? 'text-failed' : 'text-ink-2'}>
        Your comments: {message.status}
        {message.reason && `, ${message.reason}`}
      </span>
      <Button size="sm" variant="ghost" onClick={onTalk}>
        See the talk
      </Button>
    </p>
  );
}
