-- What calls came to, per UTC day (numbered from 1970-01-01) and group: sums that are added to in the transaction that writes
-- the call, and are equal to those over `model_calls` and `attempts` (`signalbox rollups recount`). A call counts for its user
-- and under the user '' for all of them; under the tag '' once, and once more under each tag of its metadata. What has no app,
-- assistant, family, model or provider has '' there. Times to first token are counted by their upper bound in milliseconds.
CREATE TABLE rollups (
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
    PRIMARY KEY (day, user_id, tag, value, kind, app_id, assistant_id, family, model_id, provider_id)
) STRICT, WITHOUT ROWID;

-- Calls of a period, whoever made them: for recounts and replays.
CREATE INDEX model_calls_in_time ON model_calls (at_ms, id);

-- What was recorded before there were roll-ups.
INSERT INTO rollups
WITH counted AS (
    SELECT * FROM model_calls
), tagged AS (
    SELECT id, '' AS tag, '' AS value FROM counted
    UNION ALL SELECT counted.id, tag.key, tag.value FROM counted, json_each(metadata) AS tag
), seen AS (
    SELECT id, at_ms / 86400000 AS day, kind, user_id, coalesce(app_id, '') AS app_id,
           coalesce(assistant_id, '') AS assistant_id FROM counted
    UNION ALL SELECT id, at_ms / 86400000, kind, '', '', '' FROM counted
), parts (id, family, model_id, provider_id, attempts, faults, raw_nano_usd, calls_served, calls_cut, calls_left,
          calls_refused, calls_failed, calls_crashed, calls_used, input_tokens, cached_input_tokens, cache_write_tokens,
          output_tokens, reasoning_tokens, images, credits_milli, absorbed_milli, duration_ms, ttft_ms, ttft_100, ttft_250,
          ttft_500, ttft_1000, ttft_2500, ttft_5000, ttft_10000, ttft_more) AS (
    SELECT id, coalesce(family, ''), coalesce(model_id, ''), coalesce(provider_id, ''), 0, 0,
           raw_nano_usd - coalesce((SELECT sum(raw_nano_usd) FROM attempts WHERE call_id = id), 0),
           status = 'served', status = 'cut', status = 'left', status = 'refused', status = 'failed', status = 'crashed',
           input_tokens IS NOT NULL OR credits_milli > 0,
           coalesce(input_tokens, 0), coalesce(cached_input_tokens, 0), coalesce(cache_write_tokens, 0),
           coalesce(output_tokens, 0), coalesce(reasoning_tokens, 0), coalesce(images, 0), credits_milli, absorbed_milli,
           iif(status IN ('served', 'cut', 'left'), duration_ms, 0), coalesce(ttft_ms, 0),
           coalesce(ttft_ms <= 100, 0), coalesce(ttft_ms > 100 AND ttft_ms <= 250, 0),
           coalesce(ttft_ms > 250 AND ttft_ms <= 500, 0), coalesce(ttft_ms > 500 AND ttft_ms <= 1000, 0),
           coalesce(ttft_ms > 1000 AND ttft_ms <= 2500, 0), coalesce(ttft_ms > 2500 AND ttft_ms <= 5000, 0),
           coalesce(ttft_ms > 5000 AND ttft_ms <= 10000, 0), coalesce(ttft_ms > 10000, 0)
    FROM counted
    UNION ALL
    SELECT id, attempts.family, attempts.model_id, attempts.provider_id, 1, fault IS NOT NULL, attempts.raw_nano_usd,
           0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    FROM counted JOIN attempts ON call_id = id
)
SELECT day, user_id, tag, value, kind, app_id, assistant_id, family, model_id, provider_id, sum(attempts), sum(faults),
       sum(raw_nano_usd), sum(calls_served), sum(calls_cut), sum(calls_left), sum(calls_refused), sum(calls_failed),
       sum(calls_crashed), sum(calls_used), sum(input_tokens), sum(cached_input_tokens), sum(cache_write_tokens),
       sum(output_tokens), sum(reasoning_tokens), sum(images), sum(credits_milli), sum(absorbed_milli), sum(duration_ms),
       sum(ttft_ms), sum(ttft_100), sum(ttft_250), sum(ttft_500), sum(ttft_1000), sum(ttft_2500), sum(ttft_5000),
       sum(ttft_10000), sum(ttft_more)
FROM seen JOIN tagged USING (id) JOIN parts USING (id) GROUP BY day, user_id, tag, value, kind, app_id, assistant_id,
       family, model_id, provider_id;
