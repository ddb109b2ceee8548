-- How often an agent that was stuck on a message was nudged.
ALTER TABLE messages ADD COLUMN nudges BIGINT NOT NULL DEFAULT 0;
