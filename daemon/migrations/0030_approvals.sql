-- The table of the first version was never written.
DROP TABLE approvals;

CREATE TABLE approvals (
    id           TEXT PRIMARY KEY,
    agent_id     TEXT NOT NULL REFERENCES agents (id),
    owner        TEXT NOT NULL,
    -- Of the hook call that asked: one that comes again is the same question.
    hook_key     TEXT NOT NULL,
    -- As the wire shows it, without what may change.
    body         TEXT NOT NULL,
    -- As the adapter read it.
    ask          TEXT NOT NULL,
    state        TEXT NOT NULL,
    reason       TEXT,
    scope        TEXT,
    rule         TEXT,
    message      TEXT,
    answered_by  TEXT,
    -- What the CLI is told, once that is decided.
    word         TEXT,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    ended_at     BIGINT,
    delivered_at BIGINT,
    UNIQUE (agent_id, hook_key)
);
CREATE INDEX approvals_by_owner ON approvals (owner, id);
CREATE INDEX approvals_open ON approvals (state, agent_id);

-- Rules that people made from their answers.
CREATE TABLE approval_rules (
    id          TEXT PRIMARY KEY,
    owner       TEXT NOT NULL,
    cwd         TEXT NOT NULL,
    rule        TEXT NOT NULL,
    made_by     TEXT NOT NULL,
    approval_id TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    UNIQUE (owner, cwd, rule)
);
