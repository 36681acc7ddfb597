-- A call moves a dozen counters twice. By a number of its own, in a row of nothing but numbers, a counter is moved at a third of the
-- price. `counters` shows them by their names, as before, and can still be put right by hand.
CREATE TABLE counter_names (
    number INTEGER PRIMARY KEY,
    scope  TEXT NOT NULL,
    name   TEXT NOT NULL,
    epoch  TEXT NOT NULL,
    UNIQUE (scope, name, epoch)
) STRICT;
CREATE TABLE counter_amounts (
    number INTEGER PRIMARY KEY,
    spent  INTEGER NOT NULL,
    held   INTEGER NOT NULL
) STRICT;

INSERT INTO counter_names (scope, name, epoch) SELECT scope, name, epoch FROM counters ORDER BY scope, name, epoch;
INSERT INTO counter_amounts
SELECT number, spent, held FROM counters JOIN counter_names USING (scope, name, epoch) ORDER BY number;
DROP TABLE counters;

CREATE VIEW counters AS
SELECT scope, name, epoch, spent, held FROM counter_names JOIN counter_amounts USING (number);

CREATE TRIGGER counters_insert INSTEAD OF INSERT ON counters
BEGIN
    INSERT INTO counter_names (scope, name, epoch) VALUES (NEW.scope, NEW.name, NEW.epoch);
    INSERT INTO counter_amounts VALUES (last_insert_rowid(), NEW.spent, NEW.held);
END;
CREATE TRIGGER counters_update INSTEAD OF UPDATE OF spent, held ON counters
BEGIN
    UPDATE counter_amounts SET spent = NEW.spent, held = NEW.held
    WHERE number = (SELECT number FROM counter_names WHERE (scope, name, epoch) = (OLD.scope, OLD.name, OLD.epoch));
END;
CREATE TRIGGER counters_delete INSTEAD OF DELETE ON counters
BEGIN
    DELETE FROM counter_amounts
    WHERE number = (SELECT number FROM counter_names WHERE (scope, name, epoch) = (OLD.scope, OLD.name, OLD.epoch));
    DELETE FROM counter_names WHERE (scope, name, epoch) = (OLD.scope, OLD.name, OLD.epoch);
END;
