-- Tokens taken back by a logout, until they end by themselves.
CREATE TABLE revoked_tokens (
    token_id   TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
