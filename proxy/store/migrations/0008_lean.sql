-- What the books write for each call, and less of it.

-- Calls that are in the register and not yet in the roll-ups: a row for each batch that finished some, by the first of them, with
-- the ids of all. Whoever takes a row away adds its calls in the same transaction.
CREATE TABLE unrolled (
    id    TEXT PRIMARY KEY,
    calls TEXT NOT NULL
) STRICT, WITHOUT ROWID;
