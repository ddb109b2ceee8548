-- Times are integer milliseconds UTC, ids are text except task ids, flags are 0/1:
-- the subset of SQL that PostgreSQL shares.

CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    issuer        TEXT NOT NULL,
    subject       TEXT NOT NULL,
    name          TEXT NOT NULL,
    role          TEXT,
    primary_agent TEXT,
    locked_at     BIGINT,
    created_at    BIGINT NOT NULL,
    UNIQUE (issuer, subject)
);

CREATE TABLE devices (
    id           TEXT PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users (id),
    label        TEXT NOT NULL,
    public_key   TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    revoked_at   BIGINT
);

CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE TABLE agents (
    id            TEXT PRIMARY KEY,
    session_id    TEXT NOT NULL,
    kind          TEXT NOT NULL,
    specialist    TEXT,
    name          TEXT NOT NULL,
    title         TEXT NOT NULL,
    role          TEXT NOT NULL,
    owner         TEXT NOT NULL REFERENCES users (id),
    parent        TEXT,
    cwd           TEXT NOT NULL,
    status        TEXT NOT NULL,
    reason        TEXT,
    pid           BIGINT,
    restarts      BIGINT NOT NULL DEFAULT 0,
    cols          BIGINT NOT NULL,
    rows          BIGINT NOT NULL,
    activity      TEXT NOT NULL,
    task_id       BIGINT,
    timeout_ms    BIGINT,
    depth         BIGINT NOT NULL DEFAULT 0,
    root          TEXT NOT NULL,
    cli_session   TEXT,
    transcript    TEXT,
    usage         TEXT NOT NULL DEFAULT '{}',
    exit_code     BIGINT,
    signal        BIGINT,
    created_at    BIGINT NOT NULL,
    started_at    BIGINT,
    ended_at      BIGINT
);
CREATE INDEX agents_by_owner ON agents (owner, created_at);
CREATE INDEX agents_by_status ON agents (status);

CREATE TABLE agent_tokens (
    hash       TEXT PRIMARY KEY,
    agent_id   TEXT NOT NULL REFERENCES agents (id),
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX agent_tokens_by_agent ON agent_tokens (agent_id);

CREATE TABLE messages (
    id          TEXT PRIMARY KEY,
    agent_id    TEXT NOT NULL REFERENCES agents (id),
    client_id   TEXT,
    author      TEXT NOT NULL,
    sender      TEXT NOT NULL,
    owner       TEXT NOT NULL,
    text        TEXT NOT NULL,
    as_command  BIGINT NOT NULL DEFAULT 0,
    status      TEXT NOT NULL,
    reason      TEXT,
    evidence    TEXT,
    reply_to    TEXT,
    actions     TEXT NOT NULL DEFAULT '[]',
    task_id     BIGINT,
    tries       BIGINT NOT NULL DEFAULT 0,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX messages_by_client ON messages (agent_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX messages_by_agent ON messages (agent_id, created_at, id);
CREATE INDEX messages_open ON messages (agent_id, status);

-- What a CLI said of itself, by hook or transcript; read in order by the courier.
CREATE TABLE evidence (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    agent_id TEXT NOT NULL REFERENCES agents (id),
    key      TEXT NOT NULL,
    body     TEXT NOT NULL,
    at       BIGINT NOT NULL,
    done     BIGINT NOT NULL DEFAULT 0,
    UNIQUE (agent_id, key)
);
CREATE INDEX evidence_open ON evidence (agent_id, done, id);

CREATE TABLE tasks (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    title          TEXT NOT NULL,
    prompt         TEXT NOT NULL,
    status         TEXT NOT NULL,
    reason         TEXT,
    request        TEXT NOT NULL,
    agent_id       TEXT,
    kind           TEXT,
    specialist     TEXT,
    parent_task_id BIGINT,
    caller_agent   TEXT,
    requested_by   TEXT NOT NULL,
    owner          TEXT NOT NULL REFERENCES users (id),
    depth          BIGINT NOT NULL DEFAULT 0,
    root           TEXT NOT NULL,
    attempt        BIGINT NOT NULL DEFAULT 0,
    result         TEXT,
    declared       TEXT,
    error          TEXT,
    handed_over    BIGINT NOT NULL DEFAULT 0,
    plan_shown     BIGINT NOT NULL DEFAULT 0,
    deadline       BIGINT,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    started_at     BIGINT,
    ended_at       BIGINT
);
CREATE INDEX tasks_by_owner ON tasks (owner, id);
CREATE INDEX tasks_by_status ON tasks (status);
CREATE INDEX tasks_by_caller ON tasks (caller_agent, id);

CREATE TABLE attempts (
    task_id    BIGINT NOT NULL REFERENCES tasks (id),
    number     BIGINT NOT NULL,
    agent_id   TEXT,
    status     TEXT NOT NULL,
    reason     TEXT,
    started_at BIGINT NOT NULL,
    ended_at   BIGINT,
    PRIMARY KEY (task_id, number)
);

CREATE TABLE approvals (
    id         TEXT PRIMARY KEY,
    agent_id   TEXT NOT NULL REFERENCES agents (id),
    owner      TEXT NOT NULL,
    request    TEXT NOT NULL,
    status     TEXT NOT NULL,
    decision   TEXT,
    decided_by TEXT,
    created_at BIGINT NOT NULL,
    decided_at BIGINT
);

-- The numbered feed.
CREATE TABLE events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at     BIGINT NOT NULL,
    owner  TEXT NOT NULL,
    body   TEXT NOT NULL
);

CREATE TABLE settings (
    key        TEXT PRIMARY KEY,
    value      TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE transcripts (
    path       TEXT PRIMARY KEY,
    agent_id   TEXT,
    kind       TEXT NOT NULL,
    read_bytes BIGINT NOT NULL DEFAULT 0
);

-- Where each audit segment lies; the segments themselves are the truth.
CREATE TABLE audit_segments (
    path      TEXT PRIMARY KEY,
    first_seq BIGINT NOT NULL,
    last_seq  BIGINT NOT NULL,
    first_at  BIGINT NOT NULL,
    last_at   BIGINT NOT NULL
);

-- Answers already given, by Idempotency-Key; kept for 24 hours.
CREATE TABLE idempotency (
    owner      TEXT NOT NULL,
    route      TEXT NOT NULL,
    key        TEXT NOT NULL,
    body_hash  TEXT NOT NULL,
    object_id  TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (owner, route, key)
);
