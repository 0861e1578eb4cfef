-- Silences and maintenance windows. A matcher that is NULL matches everything.
CREATE TABLE silences (
    silence_id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,
    rule TEXT, clinic_id TEXT, device_id TEXT, subject TEXT, severity TEXT,
    starts_ms INTEGER NOT NULL, ends_ms INTEGER NOT NULL, ends_with_alert INTEGER NOT NULL,
    comment TEXT NOT NULL, created_by TEXT NOT NULL, created_ms INTEGER NOT NULL, ended_ms INTEGER, ended_by TEXT
);
CREATE INDEX silences_open ON silences (ends_ms) WHERE ended_ms IS NULL;
