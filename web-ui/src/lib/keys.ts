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
};
