-- Browsers that are told by web push.
CREATE TABLE push_subscriptions (
    id           TEXT PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users (id),
    -- The login's device, where there is one: the telling ends with it.
    device_id    TEXT,
    label        TEXT NOT NULL,
    endpoint     TEXT NOT NULL UNIQUE,
    p256dh       TEXT NOT NULL,
    auth         TEXT NOT NULL,
    kinds        TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    last_sent_at BIGINT
);
CREATE INDEX push_subscriptions_by_user ON push_subscriptions (user_id);

-- What is to be told to each, and what became of it.
CREATE TABLE push_deliveries (
    id              TEXT PRIMARY KEY,
    user_id         TEXT NOT NULL,
    subscription_id TEXT NOT NULL,
    label           TEXT NOT NULL,
    -- What happened: a browser is told of it once, however often it is heard.
    fact            TEXT NOT NULL,
    kind            TEXT NOT NULL,
    payload         TEXT NOT NULL,
    -- The approval that must still be open when it is sent.
    approval_id     TEXT,
    -- The agent that must still wait, and for what is in no approval.
    agent_id        TEXT,
    state           TEXT NOT NULL,
    reason          TEXT,
    attempts        BIGINT NOT NULL,
    next_at         BIGINT,
    expires_at      BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    ended_at        BIGINT,
    UNIQUE (subscription_id, fact)
);
CREATE INDEX push_deliveries_due ON push_deliveries (next_at);
CREATE INDEX push_deliveries_by_user ON push_deliveries (user_id, id);
