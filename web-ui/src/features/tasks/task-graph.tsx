/** The delegations as a graph: colour, icon and word of each task, live. Loaded when first looked at. */
import '@xyflow/react/dist/base.css';
import './task-graph.css';
import { Controls, Handle, type Node, type NodeProps, Position, ReactFlow } from '@xyflow/react';
import { createContext, useContext, useRef } from 'react';
import { LOOK_COLOUR, StateIcon } from '@/components/state-mark';
import { awaitsApproval, showTask } from '@/lib/states';
import type { Task } from '@/protocol/types';
import { type Graph, graphOf, MOST, NODE } from './graph-layout';
import { TaskElapsed } from './task-card';

type TaskNode = Node<{ task: Task }, 'task'>;
type AskerNode = Node<{ name: string }, 'asker'>;

const Open = createContext<(task: Task) => void>(() => undefined);
const TYPES = { task: TaskBox, asker: Asker };

export default function TaskGraph({ tasks, onOpen }: { tasks: readonly Task[]; onOpen(task: Task): void }) {
  const graph = useGraph(tasks);
  const nodes: (TaskNode | AskerNode)[] = graph.nodes.map((node) => {
    const common = { id: node.id, position: { x: node.x, y: node.y }, ...NODE[node.kind] };
    return node.task
      ? { ...common, type: 'task', data: { task: node.task } }
      : { ...common, type: 'asker', data: { name: node.name } };
  });
  const edges = graph.edges.map(({ id, from, to, live }) => ({
    id,
    source: from,
    target: to,
    className: live ? 'task-edge-live' : '',
  }));
  return (
    <Open value={onOpen}>
      <ReactFlow
        aria-label="Who handed what to whom"
        nodes={nodes}
        edges={edges}
        nodeTypes={TYPES}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        minZoom={0.2}
        maxZoom={1.5}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: 0.08 }}
      >
        <Controls showInteractive={false} />
      </ReactFlow>
    </Open>
  );
}

/** Laid out anew only when one of the tasks in it is another: not when older ones are read into the list. */
function useGraph(tasks: readonly Task[]): Graph {
  const last = useRef<{ shown: readonly Task[]; graph: Graph }>(null);
  const shown = tasks.slice(0, MOST);
  const known = last.current;
  if (known?.shown.length === shown.length && shown.every((task, at) => task === known.shown[at])) {
    return known.graph;
  }
  const graph = graphOf(shown);
  last.current = { shown, graph };
  return graph;
}

function TaskBox({ data: { task } }: NodeProps<TaskNode>) {
  const open = useContext(Open);
  const shown = showTask(task.status);
  return (
    <button
      type="button"
      data-task={task.id}
      onClick={() => open(task)}
      style={{ ...NODE.task, '--edge': LOOK_COLOUR[shown.look] } as React.CSSProperties}
      className="nopan block rounded-md border border-line border-l-(--edge) border-l-3 bg-surface px-2.5 py-1.5 text-left hover:border-line-strong hover:bg-raised"
    >
      <Handle type="target" position={Position.Left} />
      <span className="flex items-baseline gap-2">
        <span className="label nums">#{task.id}</span>
        <span className="truncate text-sm">{task.title}</span>
      </span>
      <span className="mt-0.5 flex items-center gap-1.5 text-ink-3 text-xs">
        <StateIcon look={shown.look} size={12} />
        <span className="whitespace-nowrap">{awaitsApproval(task) ? 'waits for you' : shown.word}</span>
        {task.attempts.length > 0 && <TaskElapsed task={task} />}
        <span className="truncate font-mono">{task.agent_id ?? task.specialist ?? ''}</span>
      </span>
      <Handle type="source" position={Position.Right} />
    </button>
  );
}

function Asker({ data: { name } }: NodeProps<AskerNode>) {
  return (
    <div
      style={NODE.asker}
      className="grid place-items-center rounded-full border border-line-strong bg-raised px-3 font-mono text-ink-2 text-xs"
    >
      <span className="w-full truncate text-center">{name}</span>
      <Handle type="source" position={Position.Right} />
    </div>
  );
}
