-- Use: sessions summed by device, clinic, nozzle and day, kept when the sessions are gone.
-- day: the UTC day of the sessions' ends; shift: the clinic's local day less that. Sums are integers.
CREATE TABLE use_days (
    day INTEGER, device_no INTEGER, clinic_no INTEGER, nozzle_no INTEGER, shift INTEGER,
    sessions INTEGER NOT NULL, strikes INTEGER NOT NULL, timed INTEGER NOT NULL, duration_ms INTEGER NOT NULL,
    depths INTEGER NOT NULL, depth_um INTEGER NOT NULL, on_battery INTEGER NOT NULL, battery_ms INTEGER NOT NULL,
    cut INTEGER NOT NULL, stopped INTEGER NOT NULL,
    PRIMARY KEY (day, device_no, clinic_no, nozzle_no, shift)
) WITHOUT ROWID;

-- UTC days whose sessions have changed since they were summed; turn counts the changes.
CREATE TABLE use_stale (day INTEGER PRIMARY KEY, turn INTEGER NOT NULL);
INSERT INTO use_stale (day, turn) SELECT DISTINCT at_ms / 86400000, 1 FROM sessions;
CREATE TABLE use_zones (clinic_id TEXT PRIMARY KEY, zone TEXT NOT NULL) WITHOUT ROWID;

-- What vendors were told of each month, once for all. document: a JSON list of cells.
CREATE TABLE use_told (month TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;

-- No conflict clause here: that of the statement which fires the trigger would take its place.
CREATE TRIGGER sessions_come AFTER INSERT ON sessions BEGIN
    UPDATE use_stale SET turn = turn + 1 WHERE day = NEW.at_ms / 86400000;
    INSERT INTO use_stale (day, turn) SELECT NEW.at_ms / 86400000, 1
        WHERE NOT EXISTS (SELECT 1 FROM use_stale WHERE day = NEW.at_ms / 86400000);
END;
-- A session that an earlier receipt replaces may have ended on another day.
CREATE TRIGGER sessions_replaced BEFORE INSERT ON sessions
    WHEN EXISTS (SELECT 1 FROM sessions WHERE boot_no = NEW.boot_no AND seq = NEW.seq) BEGIN
    UPDATE use_stale SET turn = turn + 1
        WHERE day = (SELECT at_ms / 86400000 FROM sessions WHERE boot_no = NEW.boot_no AND seq = NEW.seq);
    INSERT INTO use_stale (day, turn) SELECT at_ms / 86400000, 1 FROM sessions
        WHERE boot_no = NEW.boot_no AND seq = NEW.seq
        AND NOT EXISTS (SELECT 1 FROM use_stale WHERE day = sessions.at_ms / 86400000);
END;

-- A device's battery now and then, for its trend. week: Mondays since 1970-01-05.
CREATE TABLE battery_weeks (
    device_no INTEGER, week INTEGER, at_ms INTEGER NOT NULL, health_ratio REAL NOT NULL,
    PRIMARY KEY (device_no, week)
) WITHOUT ROWID;

-- Demand as it was forecast, and what came. item: a nozzle model, or '' for batteries; quantiles: a JSON list.
CREATE TABLE demand_forecasts (
    made_day INTEGER, region TEXT, item TEXT, weeks INTEGER, quantiles TEXT NOT NULL, before INTEGER,
    came INTEGER, loss REAL, naive_loss REAL, inside_80 INTEGER,
    PRIMARY KEY (made_day, region, item, weeks)
) WITHOUT ROWID;
CREATE INDEX demand_forecasts_open ON demand_forecasts (made_day) WHERE came IS NULL;
