-- As the step of this number for SQLite, column for column.

ALTER TABLE users ADD COLUMN lifted_at_ms BIGINT;
CREATE INDEX users_cooling ON users (cooling_until_ms) WHERE cooling_until_ms IS NOT NULL;
