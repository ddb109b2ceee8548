-- No two people share a primary, whatever the code does.
CREATE UNIQUE INDEX users_by_primary ON users (primary_agent) WHERE primary_agent IS NOT NULL;
