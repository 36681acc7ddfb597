-- As the step of this number for SQLite, column for column.
ALTER TABLE keys ADD COLUMN wishes TEXT COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE users ADD COLUMN wishes TEXT COLLATE "C" NOT NULL DEFAULT '{}';
CREATE INDEX model_calls_of_conversation ON model_calls (conversation_id, user_id, id) WHERE conversation_id IS NOT NULL;
