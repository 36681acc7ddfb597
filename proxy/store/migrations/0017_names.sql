-- Users by how their names begin, whatever their case, a page at a time: all of them, an app's, those who are suspended.
CREATE INDEX users_by_name ON users (lower(name), id);
CREATE INDEX users_of_app_by_name ON users (app_id, lower(name), id) WHERE app_id IS NOT NULL;
CREATE INDEX users_suspended_by_name ON users (lower(name), id) WHERE suspended = 1;
