-- Lookups that would read whole tables otherwise.
CREATE INDEX messages_by_reply ON messages (reply_to) WHERE reply_to IS NOT NULL;
CREATE INDEX attempts_by_agent ON attempts (agent_id);
CREATE INDEX agents_by_task ON agents (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX evidence_by_age ON evidence (at);
