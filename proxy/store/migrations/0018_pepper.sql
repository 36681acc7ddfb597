-- What the pepper makes of a fixed text, so that another one is known at the start: the keys in these books are hashed with it.
CREATE TABLE pepper (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    mark BLOB NOT NULL
) STRICT;
