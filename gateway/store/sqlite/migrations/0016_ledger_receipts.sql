-- When what a row rests on was received: the rules judge by what was known then. NULL: not known, as of old inferences.
ALTER TABLE ledger ADD COLUMN received_ms INTEGER;
UPDATE ledger SET received_ms = e.received_ms FROM nozzle_events e JOIN boots b ON b.boot_no = e.boot_no
    WHERE ledger.made_by = 'device' AND b.device_no = ledger.device_no AND b.boot_id = ledger.boot_id
    AND e.seq = ledger.seq;
