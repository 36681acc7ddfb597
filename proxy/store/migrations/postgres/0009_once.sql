-- As the step of this number for SQLite, column for column: what the columns mean is said there.

CREATE TABLE begun (
    id    TEXT COLLATE "C" PRIMARY KEY,
    calls TEXT COLLATE "C" NOT NULL
);

ALTER TABLE model_calls ADD COLUMN attempts TEXT COLLATE "C" NOT NULL DEFAULT '[]';
ALTER TABLE model_calls ADD COLUMN begun_id TEXT COLLATE "C";
ALTER TABLE model_calls ADD COLUMN begun_from BIGINT;
ALTER TABLE model_calls ADD COLUMN begun_size BIGINT;

-- Places in it are counted in SQLite as here, but here they are narrower numbers.
CREATE FUNCTION substr(document TEXT, start BIGINT, size BIGINT) RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$
    SELECT pg_catalog.substr(document, start::INTEGER, size::INTEGER)
$$;

UPDATE model_calls SET attempts = found.attempts
FROM (
    SELECT call_id, json_agg(json_build_array(
        number, model_id, provider_id, family, started_ms, first_byte_ms, ended_ms, fault, provider_status,
        provider_code,
        provider_request_id, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, images,
        requests, usage_source, raw_nano_usd, credits_milli, multiplier_ppm, charged
    ) ORDER BY number)::TEXT AS attempts
    FROM attempts GROUP BY call_id
) AS found
WHERE found.call_id = model_calls.id;

DROP TABLE attempts;
DROP TABLE usage_records;
DROP TABLE cost_records;
DROP TABLE prompt_checks;

CREATE VIEW attempts AS
SELECT
    model_calls.id AS call_id,
    (attempt.value ->> 0)::BIGINT AS number,
    (attempt.value ->> 1) COLLATE "C" AS model_id,
    (attempt.value ->> 2) COLLATE "C" AS provider_id,
    (attempt.value ->> 3) COLLATE "C" AS family,
    (attempt.value ->> 4)::BIGINT AS started_ms,
    (attempt.value ->> 5)::BIGINT AS first_byte_ms,
    (attempt.value ->> 6)::BIGINT AS ended_ms,
    (attempt.value ->> 7) COLLATE "C" AS fault,
    (attempt.value ->> 8)::BIGINT AS provider_status,
    (attempt.value ->> 9) COLLATE "C" AS provider_code,
    (attempt.value ->> 10) COLLATE "C" AS provider_request_id,
    (attempt.value ->> 11)::BIGINT AS input_tokens,
    (attempt.value ->> 12)::BIGINT AS cached_input_tokens,
    (attempt.value ->> 13)::BIGINT AS cache_write_tokens,
    (attempt.value ->> 14)::BIGINT AS output_tokens,
    (attempt.value ->> 15)::BIGINT AS reasoning_tokens,
    (attempt.value ->> 16)::BIGINT AS images,
    (attempt.value ->> 17)::BIGINT AS requests,
    (attempt.value ->> 18) COLLATE "C" AS usage_source,
    (attempt.value ->> 19)::BIGINT AS raw_nano_usd,
    (attempt.value ->> 20)::BIGINT AS credits_milli,
    (attempt.value ->> 21)::BIGINT AS multiplier_ppm,
    (attempt.value ->> 22)::BIGINT AS charged
FROM model_calls, jsonb_array_elements(model_calls.attempts::JSONB) AS attempt (value);

-- The ids of the three below begin with their call's id: CALL:usage, CALL:cost:N, CALL:check.
CREATE VIEW usage_records AS
SELECT
    id || ':usage' AS id,
    id AS call_id,
    user_id,
    kind AS type,
    CASE
        WHEN kind = 'precheck' THEN 1::BIGINT
        WHEN kind = 'image' THEN coalesce(images, 0)
        ELSE coalesce(input_tokens + cached_input_tokens + cache_write_tokens + output_tokens + reasoning_tokens, 0)
    END AS quantity,
    credits_milli AS display_units,
    at_ms AS created_at_ms
FROM model_calls
WHERE input_tokens IS NOT NULL OR credits_milli <> 0 OR kind = 'precheck';

-- A crash is charged by what was metered, which is no attempt's.
CREATE VIEW cost_records AS
SELECT
    call_id || ':cost:' || number AS id,
    call_id,
    raw_nano_usd AS raw_cost,
    CASE WHEN charged = 1 THEN credits_milli ELSE 0 END AS display_cost,
    multiplier_ppm
FROM attempts
WHERE input_tokens IS NOT NULL
UNION ALL
SELECT id || ':cost:0', id, raw_nano_usd, credits_milli, 0::BIGINT
FROM model_calls
WHERE status = 'crashed' AND credits_milli <> 0;

CREATE VIEW prompt_checks AS
SELECT
    id || ':check' AS id,
    id AS call_id,
    conversation_id,
    json_extract(found, '$.category') COLLATE "C" AS category,
    json_extract(found, '$.risk') COLLATE "C" AS risk,
    json_extract(found, '$.recommended_assistant') COLLATE "C" AS recommended_assistant,
    json_extract(found, '$.evidence') COLLATE "C" AS evidence,
    at_ms AS created_at_ms
FROM (
    SELECT
        id,
        conversation_id,
        at_ms,
        CASE
            WHEN begun_id IS NULL THEN verdict
            ELSE (SELECT json_extract(substr(calls, begun_from::INTEGER, begun_size::INTEGER), '$[35]') FROM begun WHERE begun.id = begun_id)
        END AS found
    FROM model_calls
) AS judged
WHERE found IS NOT NULL;

-- Nearly all calls are served, and found without an index of that.
DROP INDEX model_calls_of_status;
CREATE INDEX model_calls_of_status ON model_calls (status, id) WHERE status <> 'served';
