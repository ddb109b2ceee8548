-- What an agent does after a crash, how often it crashed in a row, and when it starts again,
-- in milliseconds UTC.
ALTER TABLE agents ADD COLUMN restart TEXT NOT NULL DEFAULT 'never';
ALTER TABLE agents ADD COLUMN crashes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN restart_at BIGINT;
-- The conversation that a restarted agent goes on with, until its CLI has taken it up.
ALTER TABLE agents ADD COLUMN last_transcript TEXT;
CREATE INDEX agents_to_restart ON agents (restart_at) WHERE restart_at IS NOT NULL;
