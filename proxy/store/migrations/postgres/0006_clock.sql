-- As the step of this number for SQLite, column for column: what the columns mean is said there.

CREATE TABLE clock (
    id          BIGINT PRIMARY KEY CHECK (id = 1),
    furthest_ms BIGINT NOT NULL,
    confirms    BIGINT NOT NULL,
    expected_ms BIGINT,
    shown_ms    BIGINT
);
INSERT INTO clock (id, furthest_ms, confirms) VALUES (1, 0, 0);

ALTER TABLE alerts DROP CONSTRAINT alerts_kind_check;
