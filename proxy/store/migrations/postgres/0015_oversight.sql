-- As the step of this number for SQLite.
CREATE TABLE ledger_checks (
    id          TEXT COLLATE "C" PRIMARY KEY,
    asked_at_ms BIGINT NOT NULL,
    asked_by    TEXT COLLATE "C" NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    began_at_ms BIGINT,
    ended_at_ms BIGINT,
    wrong       BIGINT NOT NULL,
    lines       TEXT COLLATE "C" NOT NULL
);
CREATE TABLE health_slots (
    slot_ms     BIGINT NOT NULL,
    model_id    TEXT COLLATE "C" NOT NULL,
    provider_id TEXT COLLATE "C" NOT NULL,
    attempts    BIGINT NOT NULL,
    faults      BIGINT NOT NULL,
    PRIMARY KEY (slot_ms, model_id, provider_id)
);
CREATE TABLE health_changes (
    id        TEXT COLLATE "C" PRIMARY KEY,
    at_ms     BIGINT NOT NULL,
    kind      TEXT COLLATE "C" NOT NULL,
    object_id TEXT COLLATE "C" NOT NULL,
    phase     TEXT COLLATE "C" NOT NULL,
    why       TEXT COLLATE "C"
);
