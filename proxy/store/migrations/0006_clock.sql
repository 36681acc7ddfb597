-- The moment that the books are judged by.

-- One row. `furthest_ms` is the furthest moment that anything was judged by, as of the last look or of the first batch of a UTC
-- day. While the clock is in doubt, `shown_ms` is what it showed and `expected_ms` what the time that had passed made of it;
-- `confirms` counts how often an admin has said that the clock is right.
CREATE TABLE clock (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    furthest_ms INTEGER NOT NULL,
    confirms    INTEGER NOT NULL,
    expected_ms INTEGER,
    shown_ms    INTEGER
) STRICT;
INSERT INTO clock (id, furthest_ms, confirms) VALUES (1, 0, 0);

-- Which kinds of alerts there are is the program's to say; SQLite takes a check away only with its table.
DROP INDEX alerts_due;
ALTER TABLE alerts RENAME TO alerts_before;
CREATE TABLE alerts (
    id        TEXT PRIMARY KEY,
    kind      TEXT NOT NULL,
    at_ms     INTEGER NOT NULL,
    facts     TEXT NOT NULL,
    tries     INTEGER NOT NULL,
    due_at_ms INTEGER
) STRICT;
INSERT INTO alerts SELECT id, kind, at_ms, facts, tries, due_at_ms FROM alerts_before;
DROP TABLE alerts_before;
CREATE INDEX alerts_due ON alerts (due_at_ms) WHERE due_at_ms IS NOT NULL;
