"""Which calls, as a condition, in; the SQL that counts them for the roll-ups, from the register's own rows, out."""

from typing import Final

from proxy.domain.rollup import DAY_MS, TTFT_BOUNDS_MS
from proxy.store.rollup import KEYS, MEASURES

_STATUSES: Final = ", ".join(
    f"CASE WHEN status = '{name.removeprefix('calls_')}' THEN 1 ELSE 0 END"
    for name in MEASURES
    if name.startswith("calls_") and name != "calls_used"
)
_BUCKETS: Final = ", ".join(
    f"CASE WHEN ttft_ms > {low} AND ttft_ms <= {high} THEN 1 ELSE 0 END"
    for low, high in zip((-1, *TTFT_BOUNDS_MS), (*TTFT_BOUNDS_MS, 1 << 62), strict=True)
)


def counting(table: str, which: str) -> str:
    """The statement that inserts into `table` what the calls for which `which` holds come to. It says in SQL what `rollup` says
    in code, so that a test can hold each against the other; its rows come in the order of their keys, as there."""
    return f"""
WITH counted AS (
    SELECT * FROM model_calls WHERE {which}
), tried AS (
    SELECT counted.id, json_extract(attempt.value, '$[1]') AS model_id, json_extract(attempt.value, '$[2]') AS provider_id,
           json_extract(attempt.value, '$[3]') AS family, json_extract(attempt.value, '$[7]') AS fault,
           CAST(json_extract(attempt.value, '$[19]') AS BIGINT) AS raw_nano_usd
    FROM counted, json_each(counted.attempts) AS attempt
), tagged AS (
    SELECT id, '' AS tag, '' AS value FROM counted
    UNION ALL SELECT counted.id, tag.key, tag.value FROM counted, json_each(metadata) AS tag
), seen AS (
    SELECT id, at_ms / {DAY_MS} AS day, kind, user_id, coalesce(app_id, '') AS app_id,
           coalesce(assistant_id, '') AS assistant_id FROM counted
    UNION ALL SELECT id, at_ms / {DAY_MS}, kind, '', '', '' FROM counted
), parts (id, family, model_id, provider_id, {", ".join(MEASURES)}) AS (
    SELECT id, coalesce(family, ''), coalesce(model_id, ''), coalesce(provider_id, ''), 0, 0,
           raw_nano_usd - coalesce((SELECT sum(tried.raw_nano_usd) FROM tried WHERE tried.id = counted.id), 0),
           {_STATUSES}, CASE WHEN input_tokens IS NOT NULL OR credits_milli > 0 THEN 1 ELSE 0 END,
           coalesce(input_tokens, 0), coalesce(cached_input_tokens, 0), coalesce(cache_write_tokens, 0),
           coalesce(output_tokens, 0), coalesce(reasoning_tokens, 0), coalesce(images, 0), credits_milli - refunded_milli,
           absorbed_milli,
           CASE WHEN status IN ('served', 'cut', 'left') THEN duration_ms ELSE 0 END, coalesce(ttft_ms, 0), {_BUCKETS}
    FROM counted
    UNION ALL
    SELECT id, family, model_id, provider_id, 1, CASE WHEN fault IS NULL THEN 0 ELSE 1 END, raw_nano_usd,
           {", ".join("0" * (len(MEASURES) - 3))}
    FROM tried
)
INSERT INTO {table}
SELECT {", ".join(KEYS)}, {", ".join(f"sum({name})" for name in MEASURES)}
FROM seen JOIN tagged USING (id) JOIN parts USING (id) GROUP BY {", ".join(KEYS)} ORDER BY {", ".join(KEYS)}
"""  # noqa: S608  (constants of this program)
