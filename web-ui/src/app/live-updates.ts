/** The feed laid over the query cache: the only place that patches server data. */
import type { QueryClient } from '@tanstack/react-query';
import { withAgent } from '@/features/agents/api';
import { withApprovals } from '@/features/approvals/api';
import { fromResponse, type Talk, withMessage } from '@/features/chat/messages';
import { useOutbox } from '@/features/chat/outbox';
import { patchTask, readTask, withTask } from '@/features/tasks/api';
import { useAttention } from '@/lib/attention';
import type { Api } from '@/lib/http';
import { keys } from '@/lib/keys';
import type { OrchestraSocket } from '@/lib/orchestra-socket';
import { toast } from '@/lib/toast';
import type { Agent, Approval, Message, ServerMessage, Task } from '@/protocol/types';
import { describeChanges, type Glance, glance } from './meanwhile';
import { type Place, tellFailure, tellNeed } from './news';
import { withdrawNotification } from './notifications';

type TaskUpdate = Extract<ServerMessage, { type: 'task_update' }>;

/** Updates of one task come in bursts; it is read once after each. */
const READ_TASK_MS = 150;
/** How long the resumed feed takes to arrive before the page says what changed. */
const SETTLE_MS = 1200;
/** Whoever saw the banner of a lost connection also hears what changed. */
const AWAY_MS = 2000;

export class LiveUpdates {
  readonly #queries: QueryClient;
  readonly #api: Api;
  readonly #open: (place: Place) => void;
  readonly #stops: (() => void)[];
  readonly #reads = new Map<number, ReturnType<typeof setTimeout>>();
  #away: { at: number; glance: Glance } | null = null;

  constructor(queries: QueryClient, api: Api, socket: OrchestraSocket, open: (place: Place) => void) {
    this.#open = open;
    this.#queries = queries;
    this.#api = api;
    this.#stops = [
      socket.message.on((message) => this.#apply(message)),
      socket.opened.on(({ refetch, reconnected }) => {
        // What was read before the feed began may miss what happened in between.
        if (refetch) this.#refetch();
        // What could not be read without a connection is read now.
        void queries.refetchQueries({ predicate: ({ state }) => state.status === 'error' });
        if (reconnected) this.#back();
        this.#away = null;
      }),
      socket.status.on(({ phase }) => {
        if (phase !== 'live' && !this.#away) this.#away = { at: Date.now(), glance: glance(queries) };
      }),
    ];
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
    for (const timer of this.#reads.values()) clearTimeout(timer);
  }

  #apply(message: ServerMessage): void {
    switch (message.type) {
      case 'agent_update':
        return this.#agent(message.agent);
      case 'receipt':
        useOutbox.getState().arrived(message.message);
        return this.#message(message.message);
      case 'claude_response': {
        const answer = fromResponse(message, new Date().toISOString());
        useAttention.getState().answered(answer.agent_id);
        return this.#message(answer);
      }
      case 'task_update':
        return this.#task(message);
      case 'approval':
        return this.#approval(message.approval);
      case 'resync':
        return this.#refetch();
      case 'error':
        return refused(message);
      default:
        return;
    }
  }

  #agent(agent: Agent): void {
    const before = this.#queries.getQueryData<Agent[]>(keys.agents)?.find(({ id }) => id === agent.id);
    this.#queries.setQueryData<Agent[]>(keys.agents, (list) => list && withAgent(list, agent));
    tellNeed(before, agent, this.#open);
  }

  #approval(approval: Approval): void {
    this.#queries.setQueryData<Approval[]>(keys.approvals, (list) => list && withApprovals(list, [approval]));
    if (approval.state !== 'pending') void withdrawNotification(`approval-${approval.id}`);
    if (approval.scope === 'rule' && approval.answered_by) {
      void this.#queries.invalidateQueries({ queryKey: keys.approvalRules });
    }
  }

  #message(message: Message): void {
    this.#queries.setQueryData<Talk>(keys.messages(message.agent_id), (talk) => withMessage(talk, message));
  }

  #task(update: TaskUpdate): void {
    const now = new Date().toISOString();
    const before = this.#queries.getQueryData<Task[]>(keys.tasks)?.find(({ id }) => id === update.task_id);
    tellFailure(before, update, this.#open);
    this.#queries.setQueryData<Task[]>(keys.tasks, (list) =>
      list?.map((task) => (task.id === update.task_id ? patchTask(task, update, now) : task)),
    );
    clearTimeout(this.#reads.get(update.task_id));
    const read = setTimeout(() => void this.#readTask(update.task_id), READ_TASK_MS);
    this.#reads.set(update.task_id, read);
  }

  async #readTask(id: number): Promise<void> {
    this.#reads.delete(id);
    try {
      const task = await readTask(this.#api, id);
      this.#queries.setQueryData<Task[]>(keys.tasks, (list) => list && withTask(list, task));
    } catch {
      // The next update or the next reading of the list mends it.
    }
  }

  #refetch(): void {
    for (const queryKey of [keys.agents, keys.tasks, keys.approvals, keys.allMessages]) {
      void this.#queries.invalidateQueries({ queryKey });
    }
  }

  #back(): void {
    const away = this.#away;
    if (!away || Date.now() - away.at < AWAY_MS) return;
    setTimeout(() => {
      const changes = describeChanges(away.glance, glance(this.#queries));
      toast(changes ? 'Connected again' : 'Connected again: nothing changed meanwhile', {
        ...(changes ? { description: changes } : {}),
      });
    }, SETTLE_MS);
  }
}

function refused(error: Extract<ServerMessage, { type: 'error' }>): void {
  if (error.about === 'subscribe_terminal' || error.about === 'unsubscribe_terminal') return;
  if (error.about === 'user_message') {
    return useOutbox.getState().refuse(error.session_id ?? null, error.detail);
  }
  toast.error(error.detail || error.title, { id: error.code });
}
