-- Plans as product: plans that an app may give, plans that follow, refunds.

ALTER TABLE apps ADD COLUMN plans TEXT NOT NULL DEFAULT '[]';

ALTER TABLE entitlements ADD COLUMN next_plan_id TEXT;
ALTER TABLE entitlements ADD COLUMN next_from_ms INTEGER;

-- What was given back of `credits_milli`, in step with the entry CALL:refund.
ALTER TABLE model_calls ADD COLUMN refunded_milli INTEGER NOT NULL DEFAULT 0;
