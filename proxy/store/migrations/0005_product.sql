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

ALTER TABLE plan_requests ADD COLUMN given TEXT;
ALTER TABLE plan_requests ADD COLUMN until_ms INTEGER;

-- One open request for a plan and one for credits, whatever plan or amount; for models and families one each.
UPDATE plan_requests
SET status = 'denied', answer = 'Replaced by a newer request.', decided_by = 'cli', decided_at_ms = created_at_ms
WHERE status = 'open' AND subject IN ('plan', 'credits') AND EXISTS (
    SELECT 1 FROM plan_requests AS newer
    WHERE newer.user_id = plan_requests.user_id AND newer.subject = plan_requests.subject AND newer.status = 'open'
      AND (newer.created_at_ms, newer.id) > (plan_requests.created_at_ms, plan_requests.id)
);
DROP INDEX one_open_plan_request;
CREATE UNIQUE INDEX one_open_plan_request
ON plan_requests (user_id, subject, (CASE WHEN subject IN ('plan', 'credits') THEN '' ELSE target END)) WHERE status = 'open';
