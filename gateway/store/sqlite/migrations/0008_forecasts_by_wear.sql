-- A forecast is kept for each nozzle, day and tenth of wear, so that a short life has some too; and what past forecasts
-- had taught it (shift and spread on the normal scale), so that it can be learnt from as if nothing had.
CREATE TABLE wear_forecasts_by_wear (
    nozzle_no INTEGER, day INTEGER, as_of_ms INTEGER NOT NULL, group_name TEXT NOT NULL, fit_no INTEGER NOT NULL,
    strikes INTEGER NOT NULL, wear REAL NOT NULL, remaining TEXT NOT NULL, sessions TEXT, days TEXT, replace_by TEXT,
    outcome TEXT, came_strikes REAL, pit REAL, inside_80 REAL, scored_ms INTEGER,
    tenth INTEGER NOT NULL, taught_shift REAL NOT NULL, taught_spread REAL NOT NULL,
    PRIMARY KEY (nozzle_no, day, tenth)
) WITHOUT ROWID;
INSERT INTO wear_forecasts_by_wear
    SELECT nozzle_no, day, as_of_ms, group_name, fit_no, strikes, wear, remaining, sessions, days, replace_by,
        outcome, came_strikes, pit, inside_80, scored_ms, CAST(max(wear, 0) * 10 AS INTEGER), 0, 1 FROM wear_forecasts;
DROP TABLE wear_forecasts;
ALTER TABLE wear_forecasts_by_wear RENAME TO wear_forecasts;
CREATE INDEX wear_forecasts_settled ON wear_forecasts (group_name, outcome, pit, inside_80, nozzle_no)
    WHERE outcome IS NOT NULL;
CREATE INDEX wear_forecasts_open ON wear_forecasts (nozzle_no) WHERE outcome IS NULL;
