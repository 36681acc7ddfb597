-- As the step of this number for SQLite, column for column.

CREATE TABLE unrolled (
    id    TEXT COLLATE "C" PRIMARY KEY,
    calls TEXT COLLATE "C" NOT NULL
);
