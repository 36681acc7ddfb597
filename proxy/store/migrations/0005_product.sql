-- Plans as product: plans that an app may give, plans that follow, refunds.

ALTER TABLE apps ADD COLUMN plans TEXT NOT NULL DEFAULT '[]';

ALTER TABLE entitlements ADD COLUMN next_plan_id TEXT;
ALTER TABLE entitlements ADD COLUMN next_from_ms INTEGER;

-- What was given back of `credits_milli`, in step with the entry CALL:refund.
ALTER TABLE model_calls ADD COLUMN refunded_milli INTEGER NOT NULL DEFAULT 0;

-- What an operator is to be told of, once: a row stays when it is told (`due_at_ms` NULL), so that nobody notices it again.
CREATE TABLE alerts (
    id        TEXT PRIMARY KEY,
    kind      TEXT NOT NULL CHECK (kind IN ('threshold', 'absorbed')),
    at_ms     INTEGER NOT NULL,
    facts     TEXT NOT NULL,
    tries     INTEGER NOT NULL,
    due_at_ms INTEGER
) STRICT;
CREATE INDEX alerts_due ON alerts (due_at_ms) WHERE due_at_ms IS NOT NULL;
