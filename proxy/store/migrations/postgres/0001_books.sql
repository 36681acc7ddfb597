-- As the step of this number for SQLite, column for column: what the columns mean is said there. Text sorts by its bytes, as
-- it does there. What follows first is only PostgreSQL's.

-- The one clock that decides epochs and leases, whatever the clocks of the gateways say.
CREATE FUNCTION store_now_ms() RETURNS BIGINT LANGUAGE sql VOLATILE AS $$
    SELECT floor(extract(EPOCH FROM clock_timestamp()) * 1000)::BIGINT
$$;

-- SQLite's words that the rooms use.
CREATE FUNCTION json_each(document TEXT) RETURNS TABLE (key TEXT, value TEXT) LANGUAGE sql IMMUTABLE AS $$
    SELECT key, value FROM json_each_text(CASE json_typeof(document::JSON) WHEN 'object' THEN document::JSON ELSE '{}' END)
    UNION ALL
    SELECT (place - 1)::TEXT, value
    FROM json_array_elements_text(CASE json_typeof(document::JSON) WHEN 'array' THEN document::JSON ELSE '[]' END)
         WITH ORDINALITY AS element (value, place)
$$;

CREATE FUNCTION json_extract(document TEXT, path TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_path_query_first(document::JSONB, path::JSONPATH) #>> '{}'
$$;

CREATE FUNCTION strftime(format TEXT, at_s BIGINT, unit TEXT) RETURNS TEXT LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF unit <> 'unixepoch' OR format ~ '%[^YmdHMS]' THEN
        RAISE EXCEPTION 'strftime(%, ..., %) has no translation yet', format, unit;
    END IF;
    format := replace(replace(replace(format, '%Y', 'YYYY'), '%m', 'MM'), '%d', 'DD');
    format := replace(replace(replace(format, '%H', 'HH24'), '%M', 'MI'), '%S', 'SS');
    RETURN to_char(to_timestamp(at_s) AT TIME ZONE 'UTC', format);
END
$$;

CREATE FUNCTION refuse_change() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END
$$;

-- What a batch of the ledger locks, in the order of the names, before it looks at counters and live holds.
CREATE TABLE scopes (
    name TEXT COLLATE "C" PRIMARY KEY
);

CREATE TABLE users (
    id               TEXT COLLATE "C" PRIMARY KEY,
    name             TEXT COLLATE "C" NOT NULL,
    app_id           TEXT COLLATE "C",
    external_id      TEXT COLLATE "C",
    anchor_day       BIGINT NOT NULL DEFAULT 1 CHECK (anchor_day BETWEEN 1 AND 31),
    suspended        BIGINT NOT NULL DEFAULT 0,
    cooling_until_ms BIGINT,
    caps             TEXT COLLATE "C" NOT NULL DEFAULT '[]',
    version          BIGINT NOT NULL DEFAULT 1,
    created_at_ms    BIGINT NOT NULL,
    UNIQUE (app_id, external_id)
);

CREATE TABLE grants (
    id            TEXT COLLATE "C" PRIMARY KEY,
    account_id    TEXT COLLATE "C" NOT NULL,
    kind          TEXT COLLATE "C" NOT NULL CHECK (kind IN ('grant', 'topup')),
    amount_milli  BIGINT NOT NULL CHECK (amount_milli >= 0),
    reason        TEXT COLLATE "C" NOT NULL,
    created_at_ms BIGINT NOT NULL,
    family        TEXT COLLATE "C",
    expires_at_ms BIGINT
);
CREATE INDEX grants_of_account ON grants (account_id);

CREATE TABLE counters (
    scope TEXT COLLATE "C" NOT NULL,
    name  TEXT COLLATE "C" NOT NULL,
    epoch TEXT COLLATE "C" NOT NULL,
    spent BIGINT NOT NULL,
    held  BIGINT NOT NULL,
    PRIMARY KEY (scope, name, epoch)
);

CREATE TABLE holds (
    id             TEXT COLLATE "C" PRIMARY KEY,
    account_id     TEXT COLLATE "C" NOT NULL,
    family         TEXT COLLATE "C" NOT NULL,
    boot_id        TEXT COLLATE "C" NOT NULL,
    amount_milli   BIGINT NOT NULL,
    raw_nano_usd   BIGINT NOT NULL,
    metered_milli  BIGINT NOT NULL DEFAULT 0,
    extends        BIGINT NOT NULL DEFAULT 0,
    at_ms          BIGINT NOT NULL,
    at_up_ms       BIGINT NOT NULL,
    deadline_up_ms BIGINT NOT NULL,
    scopes         TEXT COLLATE "C" NOT NULL,
    split          TEXT COLLATE "C" NOT NULL,
    began          TEXT COLLATE "C" NOT NULL
);

CREATE TABLE hold_scopes (
    scope   TEXT COLLATE "C" NOT NULL,
    hold_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (scope, hold_id)
);

CREATE TABLE entries (
    id           TEXT COLLATE "C" PRIMARY KEY,
    hold_id      TEXT COLLATE "C",
    account_id   TEXT COLLATE "C" NOT NULL,
    kind         TEXT COLLATE "C" NOT NULL CHECK (kind IN ('hold', 'extend', 'settle', 'release', 'grant', 'reset', 'adjust')),
    amount_milli BIGINT NOT NULL,
    at_ms        BIGINT NOT NULL,
    lines        TEXT COLLATE "C" NOT NULL
);
CREATE TRIGGER entries_are_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON entries
    EXECUTE FUNCTION refuse_change();

CREATE TABLE processes (
    boot_id       TEXT COLLATE "C" PRIMARY KEY,
    started_at_ms BIGINT NOT NULL,
    beat_at_ms    BIGINT NOT NULL,
    up_ms         BIGINT NOT NULL
);

CREATE TABLE model_calls (
    id                  TEXT COLLATE "C" PRIMARY KEY,
    request_id          TEXT COLLATE "C" NOT NULL,
    kind                TEXT COLLATE "C" NOT NULL,
    at_ms               BIGINT NOT NULL,
    user_id             TEXT COLLATE "C" NOT NULL,
    app_id              TEXT COLLATE "C",
    key_id              TEXT COLLATE "C" NOT NULL,
    conversation_id     TEXT COLLATE "C",
    assistant_id        TEXT COLLATE "C",
    provider_id         TEXT COLLATE "C",
    model_id            TEXT COLLATE "C",
    family              TEXT COLLATE "C",
    catalog_revision    TEXT COLLATE "C" NOT NULL,
    stream              BIGINT NOT NULL,
    status              TEXT COLLATE "C" NOT NULL,
    http_status         BIGINT NOT NULL,
    code                TEXT COLLATE "C",
    reason              TEXT COLLATE "C",
    duration_ms         BIGINT NOT NULL,
    ttft_ms             BIGINT,
    input_tokens        BIGINT,
    cached_input_tokens BIGINT,
    cache_write_tokens  BIGINT,
    output_tokens       BIGINT,
    reasoning_tokens    BIGINT,
    images              BIGINT,
    requests            BIGINT,
    usage_source        TEXT COLLATE "C",
    credits_milli       BIGINT NOT NULL,
    raw_nano_usd        BIGINT NOT NULL,
    absorbed_milli      BIGINT NOT NULL,
    metadata            TEXT COLLATE "C" NOT NULL,
    asked               TEXT COLLATE "C" NOT NULL,
    ask                 TEXT COLLATE "C",
    verdict             TEXT COLLATE "C",
    advice              TEXT COLLATE "C",
    standing            TEXT COLLATE "C",
    health              TEXT COLLATE "C",
    decision            TEXT COLLATE "C",
    timeline            TEXT COLLATE "C" NOT NULL
);
CREATE INDEX model_calls_of_user ON model_calls (user_id, id);
CREATE INDEX model_calls_of_user_in_time ON model_calls (user_id, at_ms);
CREATE INDEX model_calls_of_app ON model_calls (app_id, id) WHERE app_id IS NOT NULL;
CREATE INDEX model_calls_of_key ON model_calls (key_id, id);
CREATE INDEX model_calls_of_model ON model_calls (model_id, id) WHERE model_id IS NOT NULL;
CREATE INDEX model_calls_of_status ON model_calls (status, id);

CREATE TABLE attempts (
    call_id             TEXT COLLATE "C" NOT NULL,
    number              BIGINT NOT NULL,
    model_id            TEXT COLLATE "C" NOT NULL,
    provider_id         TEXT COLLATE "C" NOT NULL,
    family              TEXT COLLATE "C" NOT NULL,
    started_ms          BIGINT NOT NULL,
    first_byte_ms       BIGINT,
    ended_ms            BIGINT NOT NULL,
    fault               TEXT COLLATE "C",
    provider_status     BIGINT,
    provider_code       TEXT COLLATE "C",
    provider_request_id TEXT COLLATE "C",
    input_tokens        BIGINT,
    cached_input_tokens BIGINT,
    cache_write_tokens  BIGINT,
    output_tokens       BIGINT,
    reasoning_tokens    BIGINT,
    images              BIGINT,
    requests            BIGINT,
    usage_source        TEXT COLLATE "C",
    raw_nano_usd        BIGINT NOT NULL,
    credits_milli       BIGINT NOT NULL,
    multiplier_ppm      BIGINT NOT NULL,
    charged             BIGINT NOT NULL,
    PRIMARY KEY (call_id, number)
);

CREATE TABLE usage_records (
    id            TEXT COLLATE "C" PRIMARY KEY,
    call_id       TEXT COLLATE "C" NOT NULL,
    user_id       TEXT COLLATE "C" NOT NULL,
    type          TEXT COLLATE "C" NOT NULL,
    quantity      BIGINT NOT NULL,
    display_units BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL
);

CREATE TABLE cost_records (
    id             TEXT COLLATE "C" PRIMARY KEY,
    call_id        TEXT COLLATE "C" NOT NULL,
    raw_cost       BIGINT NOT NULL,
    display_cost   BIGINT NOT NULL,
    multiplier_ppm BIGINT NOT NULL
);

CREATE TABLE prompt_checks (
    id                    TEXT COLLATE "C" PRIMARY KEY,
    call_id               TEXT COLLATE "C" NOT NULL,
    conversation_id       TEXT COLLATE "C",
    category              TEXT COLLATE "C" NOT NULL,
    risk                  TEXT COLLATE "C" NOT NULL,
    recommended_assistant TEXT COLLATE "C",
    evidence              TEXT COLLATE "C" NOT NULL,
    created_at_ms         BIGINT NOT NULL
);

CREATE TABLE conversations (
    id            TEXT COLLATE "C" PRIMARY KEY,
    user_id       TEXT COLLATE "C" NOT NULL,
    assistant_id  TEXT COLLATE "C",
    title         TEXT COLLATE "C",
    created_at_ms BIGINT NOT NULL
);
CREATE INDEX conversations_of_user ON conversations (user_id, id);

CREATE TABLE changes (
    seq       BIGINT PRIMARY KEY,
    kind      TEXT COLLATE "C" NOT NULL,
    object_id TEXT COLLATE "C" NOT NULL,
    at_ms     BIGINT NOT NULL
);

-- Numbers become visible in their order: who asks for what came after number N must not miss one that was drawn before N and
-- committed after it. So a number is drawn under a lock that ends with the transaction.
CREATE SEQUENCE change_numbers;
CREATE FUNCTION number_change() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(21314, 2);
    NEW.seq := nextval('change_numbers');
    RETURN NEW;
END
$$;
CREATE TRIGGER changes_are_numbered BEFORE INSERT ON changes FOR EACH ROW EXECUTE FUNCTION number_change();
