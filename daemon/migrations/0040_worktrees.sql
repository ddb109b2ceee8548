-- Folders of their own for agents. A row is there before anything is on the disk, and goes
-- after everything is gone from it.
CREATE TABLE worktrees (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    -- The repository's main folder, resolved.
    repo        TEXT NOT NULL,
    path        TEXT NOT NULL,
    branch      TEXT NOT NULL,
    base        TEXT NOT NULL,
    base_commit TEXT NOT NULL,
    -- Where the agent works within it; '' is its root.
    subfolder   TEXT NOT NULL,
    owner       TEXT NOT NULL REFERENCES users (id),
    agent_id    TEXT,
    state       TEXT NOT NULL,
    reason      TEXT,
    port        BIGINT NOT NULL,
    ports       BIGINT NOT NULL,
    setup       TEXT,
    -- What is under way, so that the next daemon can finish or undo it.
    intent      TEXT,
    created_at  BIGINT NOT NULL,
    UNIQUE (repo, name),
    UNIQUE (port)
);
CREATE INDEX worktrees_by_owner ON worktrees (owner, created_at);
CREATE INDEX worktrees_by_agent ON worktrees (agent_id);

ALTER TABLE agents ADD COLUMN worktree_id TEXT;
