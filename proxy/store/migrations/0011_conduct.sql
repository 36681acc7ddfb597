-- Who was sent to rest, and who was forgiven.

-- When an admin last forgave what was held against a user: nothing from before counts, at any process.
ALTER TABLE users ADD COLUMN lifted_at_ms INTEGER;
CREATE INDEX users_cooling ON users (cooling_until_ms) WHERE cooling_until_ms IS NOT NULL;
