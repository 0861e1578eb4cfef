-- A slice of readings is taken in for some nozzles at a time: where that is.
ALTER TABLE wear_mark ADD COLUMN slice_end INTEGER NOT NULL DEFAULT 0;
ALTER TABLE wear_mark ADD COLUMN done TEXT NOT NULL DEFAULT '';
