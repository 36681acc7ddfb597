-- As the step of this number for SQLite: what the pepper makes of a fixed text, so that another one is known at the start.
CREATE TABLE pepper (
    id   BIGINT PRIMARY KEY CHECK (id = 1),
    mark BYTEA NOT NULL
);
