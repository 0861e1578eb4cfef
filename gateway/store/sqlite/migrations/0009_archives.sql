-- Files in the archive. day -1: samples of clocks that went wrong, of any day in first_ms..last_ms.
-- A day in here is on its way out of its table; its file has all of it.
CREATE TABLE archives (
    file TEXT PRIMARY KEY, day INTEGER NOT NULL, samples INTEGER NOT NULL,
    first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, made_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX archives_day ON archives (day) WHERE day >= 0;
