-- As the step of this number for SQLite, column for column: what the columns mean is said there.

CREATE TABLE rollups (
    day                 BIGINT NOT NULL,
    user_id             TEXT COLLATE "C" NOT NULL,
    tag                 TEXT COLLATE "C" NOT NULL,
    value               TEXT COLLATE "C" NOT NULL,
    kind                TEXT COLLATE "C" NOT NULL,
    app_id              TEXT COLLATE "C" NOT NULL,
    assistant_id        TEXT COLLATE "C" NOT NULL,
    family              TEXT COLLATE "C" NOT NULL,
    model_id            TEXT COLLATE "C" NOT NULL,
    provider_id         TEXT COLLATE "C" NOT NULL,
    attempts            BIGINT NOT NULL,
    faults              BIGINT NOT NULL,
    raw_nano_usd        BIGINT NOT NULL,
    calls_served        BIGINT NOT NULL,
    calls_cut           BIGINT NOT NULL,
    calls_left          BIGINT NOT NULL,
    calls_refused       BIGINT NOT NULL,
    calls_failed        BIGINT NOT NULL,
    calls_crashed       BIGINT NOT NULL,
    calls_used          BIGINT NOT NULL,
    input_tokens        BIGINT NOT NULL,
    cached_input_tokens BIGINT NOT NULL,
    cache_write_tokens  BIGINT NOT NULL,
    output_tokens       BIGINT NOT NULL,
    reasoning_tokens    BIGINT NOT NULL,
    images              BIGINT NOT NULL,
    credits_milli       BIGINT NOT NULL,
    absorbed_milli      BIGINT NOT NULL,
    duration_ms         BIGINT NOT NULL,
    ttft_ms             BIGINT NOT NULL,
    ttft_100            BIGINT NOT NULL,
    ttft_250            BIGINT NOT NULL,
    ttft_500            BIGINT NOT NULL,
    ttft_1000           BIGINT NOT NULL,
    ttft_2500           BIGINT NOT NULL,
    ttft_5000           BIGINT NOT NULL,
    ttft_10000          BIGINT NOT NULL,
    ttft_more           BIGINT NOT NULL,
    PRIMARY KEY (day, user_id, tag, value, kind, app_id, assistant_id, family, model_id, provider_id)
);

-- Calls of a period, whoever made them: for recounts and replays.
CREATE INDEX model_calls_in_time ON model_calls (at_ms, id);

