-- Which tmux server the agents of an owner are in. The first owner has the one that all
-- agents were in before.
CREATE TABLE tmux_servers (
    owner_id TEXT PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE
);
