-- Conversations that are kept, with their text: only where the operator turned that on.

CREATE TABLE kept_conversations (
    user_id       TEXT NOT NULL,
    id            TEXT NOT NULL,
    title         TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    PRIMARY KEY (user_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX kept_conversations_newest ON kept_conversations (user_id, changed_at_ms, id);
CREATE INDEX kept_conversations_in_time ON kept_conversations (changed_at_ms);

-- `content` is JSON: a text, or a list of parts.
CREATE TABLE kept_turns (
    user_id         TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    number          INTEGER NOT NULL,
    role            TEXT NOT NULL,
    state           TEXT NOT NULL,
    at_ms           INTEGER NOT NULL,
    call_id         TEXT NOT NULL,
    model_id        TEXT,
    assistant_id    TEXT,
    reason          TEXT,
    credits_milli   INTEGER NOT NULL,
    content         TEXT NOT NULL,
    PRIMARY KEY (user_id, conversation_id, number)
) STRICT, WITHOUT ROWID;
