-- Pages of lists, however long the list: an app's users by id, plan requests of a user or in a state, the newest first; and a
-- user's own calls, of a model or in a state, or those that were charged, found without looking at each.
CREATE INDEX users_of_app ON users (app_id, id) WHERE app_id IS NOT NULL;
CREATE INDEX plan_requests_of_user ON plan_requests (user_id, created_at_ms, id);
CREATE INDEX plan_requests_of_status ON plan_requests (status, created_at_ms, id);

-- What a key descends from, for whoever asks with it.
CREATE INDEX key_descent_of_key ON key_descent (key_id, ancestor_id);

DROP INDEX model_calls_of_user;
DROP INDEX model_calls_of_user_in_time;
CREATE INDEX model_calls_of_user ON model_calls (user_id, id, status, model_id, credits_milli);

-- A user's days lie side by side: what one used is read from a page or two, not from a page of each day's.
CREATE TABLE rollups_of_users (
    day                 INTEGER NOT NULL,
    user_id             TEXT NOT NULL,
    tag                 TEXT NOT NULL,
    value               TEXT NOT NULL,
    kind                TEXT NOT NULL,
    app_id              TEXT NOT NULL,
    assistant_id        TEXT NOT NULL,
    family              TEXT NOT NULL,
    model_id            TEXT NOT NULL,
    provider_id         TEXT NOT NULL,
    attempts            INTEGER NOT NULL,
    faults              INTEGER NOT NULL,
    raw_nano_usd        INTEGER NOT NULL,
    calls_served        INTEGER NOT NULL,
    calls_cut           INTEGER NOT NULL,
    calls_left          INTEGER NOT NULL,
    calls_refused       INTEGER NOT NULL,
    calls_failed        INTEGER NOT NULL,
    calls_crashed       INTEGER NOT NULL,
    calls_used          INTEGER NOT NULL,
    input_tokens        INTEGER NOT NULL,
    cached_input_tokens INTEGER NOT NULL,
    cache_write_tokens  INTEGER NOT NULL,
    output_tokens       INTEGER NOT NULL,
    reasoning_tokens    INTEGER NOT NULL,
    images              INTEGER NOT NULL,
    credits_milli       INTEGER NOT NULL,
    absorbed_milli      INTEGER NOT NULL,
    duration_ms         INTEGER NOT NULL,
    ttft_ms             INTEGER NOT NULL,
    ttft_100            INTEGER NOT NULL,
    ttft_250            INTEGER NOT NULL,
    ttft_500            INTEGER NOT NULL,
    ttft_1000           INTEGER NOT NULL,
    ttft_2500           INTEGER NOT NULL,
    ttft_5000           INTEGER NOT NULL,
    ttft_10000          INTEGER NOT NULL,
    ttft_more           INTEGER NOT NULL,
    PRIMARY KEY (user_id, day, tag, value, kind, app_id, assistant_id, family, model_id, provider_id)
) STRICT, WITHOUT ROWID;
INSERT INTO rollups_of_users SELECT * FROM rollups;
DROP TABLE rollups;
ALTER TABLE rollups_of_users RENAME TO rollups;
CREATE INDEX rollups_in_time ON rollups (day);
