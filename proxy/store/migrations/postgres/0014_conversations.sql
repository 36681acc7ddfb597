-- As the step of this number for SQLite, column for column.

CREATE TABLE kept_conversations (
    user_id       TEXT COLLATE "C" NOT NULL,
    id            TEXT COLLATE "C" NOT NULL,
    title         TEXT COLLATE "C" NOT NULL,
    created_at_ms BIGINT NOT NULL,
    changed_at_ms BIGINT NOT NULL,
    PRIMARY KEY (user_id, id)
);
CREATE INDEX kept_conversations_newest ON kept_conversations (user_id, changed_at_ms, id);
CREATE INDEX kept_conversations_in_time ON kept_conversations (changed_at_ms);

CREATE TABLE kept_turns (
    user_id         TEXT COLLATE "C" NOT NULL,
    conversation_id TEXT COLLATE "C" NOT NULL,
    number          BIGINT NOT NULL,
    role            TEXT COLLATE "C" NOT NULL,
    state           TEXT COLLATE "C" NOT NULL,
    at_ms           BIGINT NOT NULL,
    call_id         TEXT COLLATE "C" NOT NULL,
    model_id        TEXT COLLATE "C",
    assistant_id    TEXT COLLATE "C",
    reason          TEXT COLLATE "C",
    credits_milli   BIGINT NOT NULL,
    content         TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, conversation_id, number)
);
