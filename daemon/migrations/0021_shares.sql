-- What an agent's owner lets another person do with it: 'read' or 'type'.
CREATE TABLE shares (
    agent_id   TEXT NOT NULL REFERENCES agents (id),
    user_id    TEXT NOT NULL REFERENCES users (id),
    rights     TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (agent_id, user_id)
);
CREATE INDEX shares_by_user ON shares (user_id);
