-- Passwords of local users (argon2id), apart from the users so that no list reads them.
CREATE TABLE accounts (
    user_id    TEXT PRIMARY KEY REFERENCES users (id),
    password   TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
