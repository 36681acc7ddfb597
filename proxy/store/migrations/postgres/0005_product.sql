-- As the step of this number for SQLite, column for column: what the columns mean is said there.

ALTER TABLE apps ADD COLUMN plans TEXT COLLATE "C" NOT NULL DEFAULT '[]';

ALTER TABLE entitlements ADD COLUMN next_plan_id TEXT COLLATE "C";
ALTER TABLE entitlements ADD COLUMN next_from_ms BIGINT;

ALTER TABLE model_calls ADD COLUMN refunded_milli BIGINT NOT NULL DEFAULT 0;

CREATE TABLE alerts (
    id        TEXT COLLATE "C" PRIMARY KEY,
    kind      TEXT COLLATE "C" NOT NULL CHECK (kind IN ('threshold', 'absorbed')),
    at_ms     BIGINT NOT NULL,
    facts     TEXT COLLATE "C" NOT NULL,
    tries     BIGINT NOT NULL,
    due_at_ms BIGINT
);
CREATE INDEX alerts_due ON alerts (due_at_ms) WHERE due_at_ms IS NOT NULL;

ALTER TABLE plan_requests ADD COLUMN given TEXT COLLATE "C";
ALTER TABLE plan_requests ADD COLUMN until_ms BIGINT;

DROP INDEX one_open_plan_request;
CREATE UNIQUE INDEX one_open_plan_request
ON plan_requests (user_id, subject, (CASE WHEN subject IN ('plan', 'credits') THEN '' ELSE target END)) WHERE status = 'open';
