-- The wear of nozzles: readings summed in bins of use, what the filter makes of them, fits, forecasts and what came.

-- Counts how often the hot tables took turns: tells a follower whether the rows that it has not read are still there.
ALTER TABLE seal ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;

-- One row: up to which row of which generation of the hot table the readings are in the bins.
CREATE TABLE wear_mark (
    one INTEGER PRIMARY KEY CHECK (one = 1), generation INTEGER NOT NULL, row_no INTEGER NOT NULL
);
INSERT INTO wear_mark (one, generation, row_no) VALUES (1, 0, 0);

-- Nozzles whose bins must be made again from all their samples.
CREATE TABLE wear_stale (stale_no INTEGER PRIMARY KEY AUTOINCREMENT, nozzle_no INTEGER NOT NULL);
CREATE INDEX wear_stale_nozzle ON wear_stale (nozzle_no);
INSERT INTO wear_stale (nozzle_no) SELECT nozzle_no FROM nozzles;

-- Bin b of a nozzle holds its readings from b * 2^shift strikes on; sums are integers, so that order does not matter.
CREATE TABLE wear_bins (
    nozzle_no INTEGER, bin INTEGER, readings INTEGER NOT NULL, strikes_sum INTEGER NOT NULL,
    coating_sum_u INTEGER NOT NULL, PRIMARY KEY (nozzle_no, bin)
) WITHOUT ROWID;
-- filter: a JSON list, '' where no fit has made one yet.
CREATE TABLE wear_states (
    nozzle_no INTEGER PRIMARY KEY, shift INTEGER NOT NULL, last_bin INTEGER NOT NULL, fit_no INTEGER NOT NULL,
    filter TEXT NOT NULL
);

CREATE TABLE wear_fits (
    fit_no INTEGER PRIMARY KEY AUTOINCREMENT, model TEXT NOT NULL, made_ms INTEGER NOT NULL, units INTEGER NOT NULL,
    lives INTEGER NOT NULL, document BLOB NOT NULL
);
CREATE INDEX wear_fits_model ON wear_fits (model, fit_no);

-- came_strikes: use that really remained, or so far where outcome is 'censored'. remaining: JSON list of quantiles.
CREATE TABLE wear_forecasts (
    nozzle_no INTEGER, day INTEGER, as_of_ms INTEGER NOT NULL, group_name TEXT NOT NULL, fit_no INTEGER NOT NULL,
    strikes INTEGER NOT NULL, wear REAL NOT NULL, remaining TEXT NOT NULL, sessions TEXT, days TEXT, replace_by TEXT,
    outcome TEXT, came_strikes REAL, pit REAL, inside_80 REAL, scored_ms INTEGER,
    PRIMARY KEY (nozzle_no, day)
) WITHOUT ROWID;
CREATE INDEX wear_forecasts_settled ON wear_forecasts (group_name, outcome, pit, inside_80, nozzle_no)
    WHERE outcome IS NOT NULL;
CREATE INDEX wear_forecasts_open ON wear_forecasts (nozzle_no) WHERE outcome IS NULL;
