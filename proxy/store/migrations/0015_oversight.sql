-- What an operator looks after. Checks of the whole ledger: asked for, run by one process in the background, kept.
CREATE TABLE ledger_checks (
    id          TEXT PRIMARY KEY,
    asked_at_ms INTEGER NOT NULL,
    asked_by    TEXT NOT NULL,
    state       TEXT NOT NULL,
    began_at_ms INTEGER,
    ended_at_ms INTEGER,
    wrong       INTEGER NOT NULL,
    lines       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- How models fared in each half hour, summed over all processes, and what each process saw breakers do. Both are forgotten after
-- some days. `id` begins with the moment.
CREATE TABLE health_slots (
    slot_ms     INTEGER NOT NULL,
    model_id    TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    attempts    INTEGER NOT NULL,
    faults      INTEGER NOT NULL,
    PRIMARY KEY (slot_ms, model_id, provider_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE health_changes (
    id        TEXT PRIMARY KEY,
    at_ms     INTEGER NOT NULL,
    kind      TEXT NOT NULL,
    object_id TEXT NOT NULL,
    phase     TEXT NOT NULL,
    why       TEXT
) STRICT, WITHOUT ROWID;
