-- As the step of this number for SQLite, column for column.

CREATE TABLE feedback (
    call_id         TEXT COLLATE "C" PRIMARY KEY,
    user_id         TEXT COLLATE "C" NOT NULL,
    app_id          TEXT COLLATE "C",
    thumb           TEXT COLLATE "C" NOT NULL,
    reason          TEXT COLLATE "C",
    words           TEXT COLLATE "C" NOT NULL,
    better_model_id TEXT COLLATE "C",
    given_at_ms     BIGINT NOT NULL,
    changed_at_ms   BIGINT NOT NULL,
    model_id        TEXT COLLATE "C" NOT NULL,
    assistant_id    TEXT COLLATE "C" NOT NULL,
    family          TEXT COLLATE "C" NOT NULL,
    category        TEXT COLLATE "C" NOT NULL,
    complexity      TEXT COLLATE "C" NOT NULL,
    mode            TEXT COLLATE "C" NOT NULL
);
CREATE INDEX feedback_in_time ON feedback (given_at_ms, assistant_id, model_id, thumb);
CREATE INDEX model_calls_stepped_down ON model_calls (at_ms) WHERE reason = 'stepped_down';
