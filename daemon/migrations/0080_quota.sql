-- Until when an agent's quota is used up, in milliseconds UTC.
ALTER TABLE agents ADD COLUMN quota_until BIGINT;
