import { describe, expect, it } from 'vitest';
import { rowsInSight } from '@/lib/use-virtual';
import { NOON, task } from '@/testing/fixtures';
import { withTasks } from './api';
import { filterTasks, searchTasks } from './filter';
import { graphOf } from './graph-layout';
import { spansOf } from './timeline';

const noon = Date.parse(NOON);
const at = (seconds: number) => new Date(noon + seconds * 1000).toISOString();
const attempt = (number: number, from: number, to: number | null) => ({
  number,
  agent_id: `droid-00${number}`,
  status: to === null ? ('running' as const) : ('failed' as const),
  reason: null,
  started_at: at(from),
  ended_at: to === null ? null : at(to),
});

describe('the list of tasks', () => {
  it('is filtered by where they stand', () => {
    const all = [task({ id: 1 }), task({ id: 2, status: 'completed' }), task({ id: 3, status: 'timeout' })];
    expect(filterTasks(all, 'open').map(({ id }) => id)).toEqual([1]);
    expect(filterTasks(all, 'failed').map(({ id }) => id)).toEqual([3]);
    expect(filterTasks(all, 'all')).toHaveLength(3);
  });

  it('is searched by every word, wherever it stands', () => {
    const all = [
      task({ id: 7, title: 'Mend the wall', agent_id: 'droid-001' }),
      task({ id: 8, title: 'Paint the wall' }),
    ];
    expect(searchTasks(all, 'WALL droid').map(({ id }) => id)).toEqual([7]);
    expect(searchTasks(all, '#8').map(({ id }) => id)).toEqual([8]);
    expect(searchTasks(all, ' ')).toHaveLength(2);
  });

  it('takes older pages in, newest first, each task once', () => {
    const list = withTasks(
      [task({ id: 5 }), task({ id: 4 })],
      [task({ id: 3 }), task({ id: 4, title: 'new' })],
    );
    expect(list.map(({ id, title }) => [id, title])).toEqual([
      [5, 'Do it'],
      [4, 'new'],
      [3, 'Do it'],
    ]);
  });

  it('makes only the rows in sight, with some to spare', () => {
    expect(rowsInSight(0, 530, 53, 10_000)).toEqual({ start: 0, end: 22 });
    expect(rowsInSight(53_000, 530, 53, 10_000)).toEqual({ start: 988, end: 1022 });
    expect(rowsInSight(1e9, 530, 53, 10)).toEqual({ start: 0, end: 10 });
  });
});

describe('the time of a task', () => {
  it('is waiting, attempts and the pauses between, without a hole', () => {
    const spans = spansOf(
      task({ created_at: NOON, attempts: [attempt(1, 10, 70), attempt(2, 100, null)] }),
      noon + 160_000,
    );
    expect(spans.map(({ word, from, to }) => [word, (to - from) / 1000])).toEqual([
      ['queued', 10],
      ['failed', 60],
      ['between attempts', 30],
      ['running', 60],
    ]);
    expect(spans.slice(1).every((span, index) => span.from === spans[index]?.to)).toBe(true);
  });

  it('of one that nobody has begun is one wait', () => {
    const spans = spansOf(task({ created_at: NOON, status: 'queued' }), noon + 5000);
    expect(spans.map(({ word }) => word)).toEqual(['queued']);
  });
});

describe('the graph of delegations', () => {
  it('hangs a task on its parent, or on whoever asked', () => {
    const { nodes, edges } = graphOf([
      task({ id: 3, parent_task_id: 2, requested_by: 'droid-001' }),
      task({ id: 2 }),
      task({ id: 9, parent_task_id: 400, requested_by: 'droid-007' }),
    ]);
    expect(edges.map(({ id }) => id)).toEqual([
      'asker-primary-task-2',
      'task-2-task-3',
      'asker-droid-007-task-9',
    ]);
    const place = new Map(nodes.map(({ id, x }) => [id, x]));
    expect(place.get('asker-primary')).toBeLessThan(place.get('task-2') ?? 0);
    expect(place.get('task-2')).toBeLessThan(place.get('task-3') ?? 0);
  });
});
