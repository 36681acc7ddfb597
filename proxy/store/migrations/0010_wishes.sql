-- What a key and a user wish of the models that answer them, and how a conversation finds who answered it last.
ALTER TABLE keys ADD COLUMN wishes TEXT NOT NULL DEFAULT '{}';
ALTER TABLE users ADD COLUMN wishes TEXT NOT NULL DEFAULT '{}';
CREATE INDEX model_calls_of_conversation ON model_calls (conversation_id, user_id, id) WHERE conversation_id IS NOT NULL;
