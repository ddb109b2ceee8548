/** The keys under which server data lies in the query cache; `live-updates` patches by them. */

export const keys = {
  me: ['me'] as const,
  clientConfig: ['client-config'] as const,
  agents: ['agents'] as const,
  agentKinds: ['agent-kinds'] as const,
  explain: (agentId: string) => ['explain', agentId] as const,
  allMessages: ['messages'] as const,
  messages: (agentId: string) => ['messages', agentId] as const,
  tasks: ['tasks'] as const,
  /** Where the list of tasks goes on; not a prefix of it, so that reading the list anew keeps it. */
  olderTasks: ['older-tasks'] as const,
  approvals: ['approvals'] as const,
  approvalRules: ['approval-rules'] as const,
  devices: ['devices'] as const,
  told: ['told'] as const,
  deliveries: ['deliveries'] as const,
  worktrees: ['worktrees'] as const,
  worktreeDiffs: ['worktree-diff'] as const,
  worktreeDiff: (id: string, scope: string) => ['worktree-diff', id, scope] as const,
  people: ['people'] as const,
  sockets: ['sockets'] as const,
  daemonSettings: ['daemon-settings'] as const,
  audit: (filter: object) => ['audit', filter] as const,
  sessions: (filter: object) => ['sessions', filter] as const,
  newestSessions: (filter: object) => ['newest-sessions', filter] as const,
  /** Which session an agent has. */
  sessionOf: (agentId: string) => ['session-of', agentId] as const,
  /** One session from a place on; and the reading of what comes behind its end. */
  transcript: (id: string, start: string) => ['transcript', id, start] as const,
  transcriptEnd: (id: string, from: number) => ['transcript-end', id, from] as const,
};
