-- What a call leaves behind is written once: what it was judged by where it begins, its attempts in its own row. Usage, costs
-- and checks are what these rows say, seen from another side. From here on the lines of an entry name counters that move together
-- once, [[scope, name, epoch], ...] with what each of them is spent and held; those of before stay [scope, name, epoch, spent, held].

-- Calls as they began, packed: a row for each batch that admitted some, by the first of them.
CREATE TABLE begun (
    id    TEXT PRIMARY KEY,
    calls TEXT NOT NULL
) STRICT;

-- `attempts` holds an array each, in the order of the view of that name. `begun_id` names a row of `begun` in which the call
-- stands from the character `begun_from` on; it then says what the call was judged by, else the row does itself.
ALTER TABLE model_calls ADD COLUMN attempts TEXT NOT NULL DEFAULT '[]';
ALTER TABLE model_calls ADD COLUMN begun_id TEXT;
ALTER TABLE model_calls ADD COLUMN begun_from INTEGER;
ALTER TABLE model_calls ADD COLUMN begun_size INTEGER;

UPDATE model_calls SET attempts = (
    SELECT json_group_array(json_array(
        number, model_id, provider_id, family, started_ms, first_byte_ms, ended_ms, fault, provider_status, provider_code,
        provider_request_id, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, images,
        requests, usage_source, raw_nano_usd, credits_milli, multiplier_ppm, charged
    ))
    FROM (SELECT * FROM attempts WHERE call_id = model_calls.id ORDER BY number)
)
WHERE EXISTS (SELECT 1 FROM attempts WHERE call_id = model_calls.id);

DROP TABLE attempts;
DROP TABLE usage_records;
DROP TABLE cost_records;
DROP TABLE prompt_checks;

CREATE VIEW attempts AS
SELECT
    model_calls.id AS call_id,
    json_extract(attempt.value, '$[0]') AS number,
    json_extract(attempt.value, '$[1]') AS model_id,
    json_extract(attempt.value, '$[2]') AS provider_id,
    json_extract(attempt.value, '$[3]') AS family,
    json_extract(attempt.value, '$[4]') AS started_ms,
    json_extract(attempt.value, '$[5]') AS first_byte_ms,
    json_extract(attempt.value, '$[6]') AS ended_ms,
    json_extract(attempt.value, '$[7]') AS fault,
    json_extract(attempt.value, '$[8]') AS provider_status,
    json_extract(attempt.value, '$[9]') AS provider_code,
    json_extract(attempt.value, '$[10]') AS provider_request_id,
    json_extract(attempt.value, '$[11]') AS input_tokens,
    json_extract(attempt.value, '$[12]') AS cached_input_tokens,
    json_extract(attempt.value, '$[13]') AS cache_write_tokens,
    json_extract(attempt.value, '$[14]') AS output_tokens,
    json_extract(attempt.value, '$[15]') AS reasoning_tokens,
    json_extract(attempt.value, '$[16]') AS images,
    json_extract(attempt.value, '$[17]') AS requests,
    json_extract(attempt.value, '$[18]') AS usage_source,
    json_extract(attempt.value, '$[19]') AS raw_nano_usd,
    json_extract(attempt.value, '$[20]') AS credits_milli,
    json_extract(attempt.value, '$[21]') AS multiplier_ppm,
    json_extract(attempt.value, '$[22]') AS charged
FROM model_calls, json_each(model_calls.attempts) AS attempt;

-- The ids of the three below begin with their call's id: CALL:usage, CALL:cost:N, CALL:check.
CREATE VIEW usage_records AS
SELECT
    id || ':usage' AS id,
    id AS call_id,
    user_id,
    kind AS type,
    CASE
        WHEN kind = 'precheck' THEN 1
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
SELECT id || ':cost:0', id, raw_nano_usd, credits_milli, 0
FROM model_calls
WHERE status = 'crashed' AND credits_milli <> 0;

CREATE VIEW prompt_checks AS
SELECT
    id || ':check' AS id,
    id AS call_id,
    conversation_id,
    json_extract(found, '$.category') AS category,
    json_extract(found, '$.risk') AS risk,
    json_extract(found, '$.recommended_assistant') AS recommended_assistant,
    json_extract(found, '$.evidence') AS evidence,
    at_ms AS created_at_ms
FROM (
    SELECT
        id,
        conversation_id,
        at_ms,
        CASE
            WHEN begun_id IS NULL THEN verdict
            ELSE (SELECT json_extract(substr(calls, begun_from, begun_size), '$[35]') FROM begun WHERE begun.id = begun_id)
        END AS found
    FROM model_calls
) AS judged
WHERE found IS NOT NULL;

-- Nearly all calls are served, and found without an index of that.
DROP INDEX model_calls_of_status;
CREATE INDEX model_calls_of_status ON model_calls (status, id) WHERE status <> 'served';
