-- Pages of lists, however long the list: an app's users by id, plan requests of a user or in a state, the newest first; and a
-- user's own calls, of a model or in a state, or those that were charged, found without looking at each.
CREATE INDEX users_of_app ON users (app_id, id) WHERE app_id IS NOT NULL;
CREATE INDEX plan_requests_of_user ON plan_requests (user_id, created_at_ms, id);
CREATE INDEX plan_requests_of_status ON plan_requests (status, created_at_ms, id);

-- What a key descends from, for whoever asks with it.
CREATE INDEX key_descent_of_key ON key_descent (key_id, ancestor_id);

DROP INDEX model_calls_of_user;
DROP INDEX model_calls_of_user_in_time;
CREATE INDEX model_calls_of_user ON model_calls (user_id, id, status, model_id, credits_milli);

-- A user's days lie side by side: what one used is read from a page or two, not from a page of each day's.
ALTER TABLE rollups DROP CONSTRAINT rollups_pkey;
ALTER TABLE rollups ADD PRIMARY KEY (user_id, day, tag, value, kind, app_id, assistant_id, family, model_id, provider_id);
CREATE INDEX rollups_in_time ON rollups (day);

-- A list of ids or days is short. Written into the query, as it was, the function was taken for two hundred rows, and whole
-- tables were looked through to meet them; one that is STRICT is not written in.
CREATE OR REPLACE FUNCTION json_each(document TEXT) RETURNS TABLE (key TEXT, value TEXT)
LANGUAGE sql IMMUTABLE STRICT ROWS 20 AS $$
    SELECT key, value FROM json_each_text(CASE json_typeof(document::JSON) WHEN 'object' THEN document::JSON ELSE '{}' END)
    UNION ALL
    SELECT (place - 1)::TEXT, value
    FROM json_array_elements_text(CASE json_typeof(document::JSON) WHEN 'array' THEN document::JSON ELSE '[]' END)
         WITH ORDINALITY AS element (value, place)
$$;
