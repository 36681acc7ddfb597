-- Which call a caller's Idempotency-Key stands for: written with that call's hold, gone again when the call cost nothing. The
-- hash is keyed, so that no body can be guessed from it; answers are never kept here.

CREATE TABLE idempotency_keys (
    account_id TEXT NOT NULL,
    route      TEXT NOT NULL,
    key        TEXT NOT NULL,
    body_hash  BLOB NOT NULL,
    call_id    TEXT NOT NULL,
    at_ms      INTEGER NOT NULL,
    PRIMARY KEY (account_id, route, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_of_call ON idempotency_keys (call_id);
CREATE INDEX idempotency_keys_in_time ON idempotency_keys (at_ms);
