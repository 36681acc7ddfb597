-- The desk: who may call, what admins changed and why. Times are wall-clock milliseconds. JSON columns hold no secrets and
-- no text of a prompt; a key's hash is keyed and stands in `keys` alone.

CREATE TABLE apps (
    id               TEXT PRIMARY KEY,
    name             TEXT NOT NULL,
    user_id          TEXT NOT NULL,
    default_plan_id  TEXT NOT NULL,
    caps             TEXT NOT NULL DEFAULT '[]',
    enrols_daily_max INTEGER NOT NULL,
    reads_body_user  INTEGER NOT NULL DEFAULT 0,
    suspended        INTEGER NOT NULL DEFAULT 0,
    version          INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE keys (
    id            TEXT PRIMARY KEY,
    kind          TEXT NOT NULL CHECK (kind IN ('user', 'app', 'support', 'admin')),
    secret_hash   BLOB NOT NULL,
    user_id       TEXT,
    app_id        TEXT,
    name          TEXT NOT NULL,
    lineage       TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    model_scope   TEXT,
    caps          TEXT NOT NULL DEFAULT '[]',
    rate          TEXT,
    expires_at_ms INTEGER,
    revoked_at_ms INTEGER,
    suspended     INTEGER NOT NULL DEFAULT 0,
    manage_keys   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX keys_of_user ON keys (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX keys_of_app ON keys (app_id) WHERE app_id IS NOT NULL;

-- Every key and each key it descends from, itself included: what is revoked with an ancestor is one look-up. Not the lineage:
-- a rotated key keeps the lineage of the old one, whose spend stays its own, but does not end with it.
CREATE TABLE key_descent (
    ancestor_id TEXT NOT NULL,
    key_id      TEXT NOT NULL,
    PRIMARY KEY (ancestor_id, key_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE entitlements (
    id        TEXT PRIMARY KEY,
    user_id   TEXT NOT NULL UNIQUE,
    plan_id   TEXT NOT NULL,
    overrides TEXT NOT NULL DEFAULT '[]',
    version   INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE plan_requests (
    id            TEXT PRIMARY KEY,
    user_id       TEXT NOT NULL,
    subject       TEXT NOT NULL CHECK (subject IN ('plan', 'model', 'family', 'credits')),
    target        TEXT NOT NULL,
    words         TEXT NOT NULL,
    status        TEXT NOT NULL CHECK (status IN ('open', 'approved', 'denied')),
    created_at_ms INTEGER NOT NULL,
    decided_at_ms INTEGER,
    decided_by    TEXT,
    answer        TEXT
) STRICT;
CREATE UNIQUE INDEX one_open_plan_request ON plan_requests (user_id, subject, target) WHERE status = 'open';

-- Who, when, what, before, after, why. Nothing takes a line back.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms   INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    before  TEXT,
    after   TEXT,
    reason  TEXT
) STRICT;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- An admin's layer over the operator's files: one row per changed field, `*` for a row made or deleted.
CREATE TABLE catalog_patches (
    kind      TEXT NOT NULL,
    object_id TEXT NOT NULL,
    name      TEXT NOT NULL,
    base      TEXT NOT NULL,
    value     TEXT NOT NULL,
    author    TEXT NOT NULL,
    reason    TEXT,
    at_ms     INTEGER NOT NULL,
    PRIMARY KEY (kind, object_id, name)
) STRICT;

-- Every catalog a call may refer to, so that its decision can be made again after the files have changed.
CREATE TABLE catalog_snapshots (
    revision TEXT PRIMARY KEY,
    body     TEXT NOT NULL,
    at_ms    INTEGER NOT NULL
) STRICT;
