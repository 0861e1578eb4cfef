-- How many clinics stood at least behind each number that vendors were told. Of what was told before, the least that
-- could be configured.
ALTER TABLE use_told ADD COLUMN k INTEGER NOT NULL DEFAULT 3;
ALTER TABLE lives_told ADD COLUMN k INTEGER NOT NULL DEFAULT 3;
ALTER TABLE vendor_told ADD COLUMN k INTEGER NOT NULL DEFAULT 3;
