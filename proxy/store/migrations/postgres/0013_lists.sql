-- As the step of this number for SQLite: lists of any length, a page at a time: keys and the audit log, those who rest, those who are suspended; a user's own calls of a
-- kind, found without reading each.
CREATE INDEX keys_in_time ON keys (created_at_ms, id);
CREATE INDEX keys_of_kind ON keys (kind, created_at_ms, id);
CREATE INDEX keys_not_revoked ON keys (created_at_ms, id) WHERE revoked_at_ms IS NULL;
DROP INDEX keys_of_user;
DROP INDEX keys_of_app;
CREATE INDEX keys_of_user ON keys (user_id, created_at_ms, id) WHERE user_id IS NOT NULL;
CREATE INDEX keys_of_app ON keys (app_id, created_at_ms, id) WHERE app_id IS NOT NULL;

CREATE INDEX plan_requests_in_time ON plan_requests (created_at_ms, id);

DROP INDEX users_cooling;
CREATE INDEX users_cooling ON users (cooling_until_ms, id) WHERE cooling_until_ms IS NOT NULL;
CREATE INDEX users_suspended ON users (id) WHERE suspended = 1;

CREATE INDEX audit_of_subject ON audit (subject, id);
CREATE INDEX audit_of_actor ON audit (actor, id);
CREATE INDEX audit_in_time ON audit (at_ms, id);

CREATE INDEX alerts_in_time ON alerts (at_ms, id);

DROP INDEX model_calls_of_user;
CREATE INDEX model_calls_of_user ON model_calls (user_id, id, status, model_id, kind, credits_milli);
