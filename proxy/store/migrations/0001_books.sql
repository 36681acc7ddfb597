-- The books and the register: what calls hold, spend and leave behind. Times are wall-clock milliseconds unless named
-- otherwise, credits milli-credits, raw cost nano-USD. JSON columns hold ids, sizes and codes, never text of a prompt.

CREATE TABLE users (
    id               TEXT PRIMARY KEY,
    name             TEXT NOT NULL,
    app_id           TEXT,
    external_id      TEXT,
    anchor_day       INTEGER NOT NULL DEFAULT 1 CHECK (anchor_day BETWEEN 1 AND 31),
    suspended        INTEGER NOT NULL DEFAULT 0,
    cooling_until_ms INTEGER,
    caps             TEXT NOT NULL DEFAULT '[]',
    version          INTEGER NOT NULL DEFAULT 1,
    created_at_ms    INTEGER NOT NULL,
    UNIQUE (app_id, external_id)
) STRICT;

CREATE TABLE grants (
    id            TEXT PRIMARY KEY,
    account_id    TEXT NOT NULL,
    kind          TEXT NOT NULL CHECK (kind IN ('grant', 'topup')),
    amount_milli  INTEGER NOT NULL CHECK (amount_milli >= 0),
    reason        TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    family        TEXT,
    expires_at_ms INTEGER
) STRICT;
CREATE INDEX grants_of_account ON grants (account_id);

-- What each limit has spent and holds; kept in step with `entries` by the same transaction.
CREATE TABLE counters (
    scope TEXT NOT NULL,
    name  TEXT NOT NULL,
    epoch TEXT NOT NULL,
    spent INTEGER NOT NULL,
    held  INTEGER NOT NULL,
    PRIMARY KEY (scope, name, epoch)
) STRICT, WITHOUT ROWID;

-- Live holds only: a resolved one leaves the table in the transaction that writes its last entry, so that at most one of
-- call, reconciler and shutdown finds it. `began` is the call's row as far as it was known when the hold was taken.
-- The `_up_ms` columns count on the store's own clock (see `processes`).
CREATE TABLE holds (
    id             TEXT PRIMARY KEY,
    account_id     TEXT NOT NULL,
    family         TEXT NOT NULL,
    boot_id        TEXT NOT NULL,
    amount_milli   INTEGER NOT NULL,
    raw_nano_usd   INTEGER NOT NULL,
    metered_milli  INTEGER NOT NULL DEFAULT 0,
    extends        INTEGER NOT NULL DEFAULT 0,
    at_ms          INTEGER NOT NULL,
    at_up_ms       INTEGER NOT NULL,
    deadline_up_ms INTEGER NOT NULL,
    scopes         TEXT NOT NULL,
    split          TEXT NOT NULL,
    began          TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Which live holds run in a scope: concurrency is their count.
CREATE TABLE hold_scopes (
    scope   TEXT NOT NULL,
    hold_id TEXT NOT NULL,
    PRIMARY KEY (scope, hold_id)
) STRICT, WITHOUT ROWID;

-- The truth. Ids of a hold's entries sort as they happened: HOLD:0, HOLD:1:000001 (extensions), HOLD:2 (its one resolution);
-- all entries of a hold are those with HOLD: <= id < HOLD; and need no second index.
CREATE TABLE entries (
    id           TEXT PRIMARY KEY,
    hold_id      TEXT,
    account_id   TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('hold', 'extend', 'settle', 'release', 'grant', 'reset', 'adjust')),
    amount_milli INTEGER NOT NULL,
    at_ms        INTEGER NOT NULL,
    lines        TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER entries_are_never_changed BEFORE UPDATE ON entries
BEGIN
    SELECT RAISE(ABORT, 'ledger entries are append-only');
END;
CREATE TRIGGER entries_are_never_deleted BEFORE DELETE ON entries
BEGIN
    SELECT RAISE(ABORT, 'ledger entries are append-only');
END;

-- Heartbeats. `up_ms` is the time the store has been seen up, the only clock by which leases end: a beat advances it by the
-- time since anybody's last beat, but never by more than a beat may take, so that an outage or a clock jump ends no lease.
CREATE TABLE processes (
    boot_id       TEXT PRIMARY KEY,
    started_at_ms INTEGER NOT NULL,
    beat_at_ms    INTEGER NOT NULL,
    up_ms         INTEGER NOT NULL
) STRICT;

CREATE TABLE model_calls (
    id                  TEXT PRIMARY KEY,
    request_id          TEXT NOT NULL,
    kind                TEXT NOT NULL,
    at_ms               INTEGER NOT NULL,
    user_id             TEXT NOT NULL,
    app_id              TEXT,
    key_id              TEXT NOT NULL,
    conversation_id     TEXT,
    assistant_id        TEXT,
    provider_id         TEXT,
    model_id            TEXT,
    family              TEXT,
    catalog_revision    TEXT NOT NULL,
    stream              INTEGER NOT NULL,
    status              TEXT NOT NULL,
    http_status         INTEGER NOT NULL,
    code                TEXT,
    reason              TEXT,
    duration_ms         INTEGER NOT NULL,
    ttft_ms             INTEGER,
    input_tokens        INTEGER,
    cached_input_tokens INTEGER,
    cache_write_tokens  INTEGER,
    output_tokens       INTEGER,
    reasoning_tokens    INTEGER,
    images              INTEGER,
    requests            INTEGER,
    usage_source        TEXT,
    credits_milli       INTEGER NOT NULL,
    raw_nano_usd        INTEGER NOT NULL,
    absorbed_milli      INTEGER NOT NULL,
    metadata            TEXT NOT NULL,
    asked               TEXT NOT NULL,
    ask                 TEXT,
    verdict             TEXT,
    advice              TEXT,
    standing            TEXT,
    health              TEXT,
    decision            TEXT,
    timeline            TEXT NOT NULL
) STRICT;
CREATE INDEX model_calls_of_user ON model_calls (user_id, id);
CREATE INDEX model_calls_of_user_in_time ON model_calls (user_id, at_ms);
CREATE INDEX model_calls_of_app ON model_calls (app_id, id) WHERE app_id IS NOT NULL;
CREATE INDEX model_calls_of_key ON model_calls (key_id, id);
CREATE INDEX model_calls_of_model ON model_calls (model_id, id) WHERE model_id IS NOT NULL;
CREATE INDEX model_calls_of_status ON model_calls (status, id);

CREATE TABLE attempts (
    call_id             TEXT NOT NULL,
    number              INTEGER NOT NULL,
    model_id            TEXT NOT NULL,
    provider_id         TEXT NOT NULL,
    family              TEXT NOT NULL,
    started_ms          INTEGER NOT NULL,
    first_byte_ms       INTEGER,
    ended_ms            INTEGER NOT NULL,
    fault               TEXT,
    provider_status     INTEGER,
    provider_code       TEXT,
    provider_request_id TEXT,
    input_tokens        INTEGER,
    cached_input_tokens INTEGER,
    cache_write_tokens  INTEGER,
    output_tokens       INTEGER,
    reasoning_tokens    INTEGER,
    images              INTEGER,
    requests            INTEGER,
    usage_source        TEXT,
    raw_nano_usd        INTEGER NOT NULL,
    credits_milli       INTEGER NOT NULL,
    multiplier_ppm      INTEGER NOT NULL,
    charged             INTEGER NOT NULL,
    PRIMARY KEY (call_id, number)
) STRICT, WITHOUT ROWID;

-- The ids of the three tables below begin with their call's id: CALL:usage, CALL:cost:N, CALL:check.
CREATE TABLE usage_records (
    id            TEXT PRIMARY KEY,
    call_id       TEXT NOT NULL,
    user_id       TEXT NOT NULL,
    type          TEXT NOT NULL,
    quantity      INTEGER NOT NULL,
    display_units INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE cost_records (
    id             TEXT PRIMARY KEY,
    call_id        TEXT NOT NULL,
    raw_cost       INTEGER NOT NULL,
    display_cost   INTEGER NOT NULL,
    multiplier_ppm INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE prompt_checks (
    id                    TEXT PRIMARY KEY,
    call_id               TEXT NOT NULL,
    conversation_id       TEXT,
    category              TEXT NOT NULL,
    risk                  TEXT NOT NULL,
    recommended_assistant TEXT,
    evidence              TEXT NOT NULL,
    created_at_ms         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE conversations (
    id            TEXT PRIMARY KEY,
    user_id       TEXT NOT NULL,
    assistant_id  TEXT,
    title         TEXT,
    created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX conversations_of_user ON conversations (user_id, id);

-- What changed, for every process that keeps some of it in memory.
CREATE TABLE changes (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    kind      TEXT NOT NULL,
    object_id TEXT NOT NULL,
    at_ms     INTEGER NOT NULL
) STRICT;
