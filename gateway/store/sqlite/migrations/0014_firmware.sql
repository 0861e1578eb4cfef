-- Which firmware a device had from when on: a row for each change, by the receipt of the status that told it.
CREATE TABLE device_firmware (
    device_no INTEGER, since_ms INTEGER, firmware TEXT NOT NULL, PRIMARY KEY (device_no, since_ms)
) WITHOUT ROWID;
INSERT INTO device_firmware (device_no, since_ms, firmware)
    SELECT device_no, ifnull(status_received_ms, first_seen_ms), firmware FROM device_facts WHERE firmware IS NOT NULL;
-- Facts are written only when one of them changes. The statement that fires this one may be a REPLACE.
CREATE TRIGGER firmware_told BEFORE INSERT ON device_facts WHEN NEW.firmware IS NOT NULL AND NEW.firmware IS NOT
    (SELECT firmware FROM device_firmware WHERE device_no = NEW.device_no ORDER BY since_ms DESC LIMIT 1)
BEGIN
    INSERT INTO device_firmware (device_no, since_ms, firmware)
        VALUES (NEW.device_no, ifnull(NEW.status_received_ms, NEW.first_seen_ms), NEW.firmware);
END;
