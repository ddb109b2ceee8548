-- What sub-tasks spend counts against the tasks above them, which are looked up often.
CREATE INDEX tasks_by_parent ON tasks (parent_task_id) WHERE parent_task_id IS NOT NULL;
