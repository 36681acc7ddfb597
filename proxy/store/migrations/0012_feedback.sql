-- What people say of answers.

-- One row a call; beside it what the call was decided by, so that a learner need not look up calls. `assistant_id` and what
-- follows are empty where nothing was chosen or nobody looked.
CREATE TABLE feedback (
    call_id         TEXT PRIMARY KEY,
    user_id         TEXT NOT NULL,
    app_id          TEXT,
    thumb           TEXT NOT NULL,
    reason          TEXT,
    words           TEXT NOT NULL,
    better_model_id TEXT,
    given_at_ms     INTEGER NOT NULL,
    changed_at_ms   INTEGER NOT NULL,
    model_id        TEXT NOT NULL,
    assistant_id    TEXT NOT NULL,
    family          TEXT NOT NULL,
    category        TEXT NOT NULL,
    complexity      TEXT NOT NULL,
    mode            TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX feedback_in_time ON feedback (given_at_ms, assistant_id, model_id, thumb);
CREATE INDEX model_calls_stepped_down ON model_calls (at_ms) WHERE reason = 'stepped_down';
