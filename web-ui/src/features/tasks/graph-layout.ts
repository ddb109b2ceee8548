/** Who handed what to whom, as a graph with places: people and agents that ask, and the tasks they asked for. */
import dagre from '@dagrejs/dagre';
import type { Task } from '@/protocol/types';

export const NODE = { task: { width: 220, height: 58 }, asker: { width: 130, height: 34 } } as const;
/** More than this nobody can read. */
export const MOST = 120;

export interface Placed {
  id: string;
  kind: 'task' | 'asker';
  x: number;
  y: number;
  task: Task | null;
  name: string;
}

export interface Graph {
  nodes: Placed[];
  edges: { id: string; from: string; to: string; live: boolean }[];
}

/** Edges go from a parent task, or else from whoever asked. */
export function graphOf(tasks: readonly Task[]): Graph {
  const shown = tasks.slice(0, MOST);
  const ids = new Set(shown.map((task) => task.id));
  const layout = new dagre.graphlib.Graph();
  layout.setGraph({ rankdir: 'LR', nodesep: 14, ranksep: 56, marginx: 16, marginy: 16 });
  layout.setDefaultEdgeLabel(() => ({}));
  const nodes = new Map<string, Omit<Placed, 'x' | 'y'>>();
  const edges: Graph['edges'] = [];
  for (const task of [...shown].sort((a, b) => a.id - b.id)) {
    const id = `task-${task.id}`;
    const child = task.parent_task_id !== null && ids.has(task.parent_task_id);
    const from = child ? `task-${task.parent_task_id}` : `asker-${task.requested_by}`;
    if (!child) nodes.set(from, { id: from, kind: 'asker', task: null, name: task.requested_by });
    nodes.set(id, { id, kind: 'task', task, name: task.title });
    edges.push({ id: `${from}-${id}`, from, to: id, live: task.status === 'running' });
  }
  for (const node of nodes.values()) layout.setNode(node.id, { ...NODE[node.kind] });
  for (const edge of edges) layout.setEdge(edge.from, edge.to);
  dagre.layout(layout);
  return {
    edges,
    nodes: [...nodes.values()].map((node) => {
      const { x, y } = layout.node(node.id);
      const { width, height } = NODE[node.kind];
      return { ...node, x: x - width / 2, y: y - height / 2 };
    }),
  };
}
