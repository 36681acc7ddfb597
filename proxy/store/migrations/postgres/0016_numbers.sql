-- The step of this number for SQLite gives counters numbers, for there a batch has looked at all that it moves. Here it moves what it
-- has not looked at, by name, and nothing has to change.
COMMENT ON TABLE counters IS 'moved by name; a file of SQLite shows the same as a view';
