-- As the step of this number for SQLite, column for column.

CREATE TABLE idempotency_keys (
    account_id TEXT COLLATE "C" NOT NULL,
    route      TEXT COLLATE "C" NOT NULL,
    key        TEXT COLLATE "C" NOT NULL,
    body_hash  BYTEA NOT NULL,
    call_id    TEXT COLLATE "C" NOT NULL,
    at_ms      BIGINT NOT NULL,
    PRIMARY KEY (account_id, route, key)
);
CREATE INDEX idempotency_keys_of_call ON idempotency_keys (call_id);
CREATE INDEX idempotency_keys_in_time ON idempotency_keys (at_ms);
