-- What an agent may spend (JSON), what it has spent (JSON), how that stands, and what of its
-- work is counted: milliseconds, up to a time, in milliseconds UTC.
ALTER TABLE agents ADD COLUMN budget TEXT NOT NULL DEFAULT '{}';
ALTER TABLE agents ADD COLUMN spent TEXT NOT NULL DEFAULT '{}';
ALTER TABLE agents ADD COLUMN budget_state TEXT NOT NULL DEFAULT 'within';
ALTER TABLE agents ADD COLUMN budget_since BIGINT;
ALTER TABLE agents ADD COLUMN worked_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN worked_to BIGINT;
-- Since when its present turn is to be ended, in milliseconds UTC.
ALTER TABLE agents ADD COLUMN stopping BIGINT;

-- The same of a task, and why it ended.
ALTER TABLE tasks ADD COLUMN budget TEXT NOT NULL DEFAULT '{}';
ALTER TABLE tasks ADD COLUMN spent TEXT NOT NULL DEFAULT '{}';
ALTER TABLE tasks ADD COLUMN budget_state TEXT NOT NULL DEFAULT 'within';
ALTER TABLE tasks ADD COLUMN class TEXT;

-- Every conversation that an agent had, with what its CLI calls it.
CREATE TABLE conversations (
    agent_id    TEXT NOT NULL REFERENCES agents (id),
    cli_session TEXT NOT NULL,
    began_at    BIGINT NOT NULL,
    PRIMARY KEY (agent_id, cli_session)
);
INSERT INTO conversations (agent_id, cli_session, began_at)
    SELECT id, cli_session, created_at FROM agents WHERE cli_session IS NOT NULL;
