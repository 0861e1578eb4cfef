-- Names are kept once; everything else refers to them by number.
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO meta (key, value) VALUES ('commit_no', 0), ('alert_mark', 0), ('dropped_before_ms', 0);

CREATE TABLE devices (device_no INTEGER PRIMARY KEY, device_id TEXT NOT NULL UNIQUE);
CREATE TABLE clinics (clinic_no INTEGER PRIMARY KEY, clinic_id TEXT NOT NULL UNIQUE);
CREATE TABLE nozzles (nozzle_no INTEGER PRIMARY KEY, serial TEXT NOT NULL UNIQUE);
CREATE TABLE boots (
    boot_no INTEGER PRIMARY KEY,
    device_no INTEGER NOT NULL,
    boot_id TEXT NOT NULL,
    UNIQUE (device_no, boot_id)
);

-- Samples arrive in one of two tables without an index. The full one is frozen and sealed into its days' tables
-- (made as the days come, key as that of samples_far) while the other takes what arrives.
-- flags: 1 estimated, 2 mains, 4 nozzle fitted, 8 session active. delay_ms: receipt less event time.
-- ts_ms (only where it is not the event time), up_ms and health_ratio are -1 where there is none: sqlite3 takes ten
-- times as long to bind None.
CREATE TABLE hot_0 (
    device_no INTEGER, event_ms INTEGER, boot_no INTEGER, seq INTEGER, clinic_no INTEGER, delay_ms INTEGER,
    flags INTEGER, ts_ms INTEGER, up_ms INTEGER, charge_ratio REAL, voltage_v REAL, health_ratio REAL,
    nozzle_no INTEGER, strikes INTEGER, coating_ratio REAL, depth_mm REAL, sessions_total INTEGER
);
CREATE TABLE hot_1 (
    device_no INTEGER, event_ms INTEGER, boot_no INTEGER, seq INTEGER, clinic_no INTEGER, delay_ms INTEGER,
    flags INTEGER, ts_ms INTEGER, up_ms INTEGER, charge_ratio REAL, voltage_v REAL, health_ratio REAL,
    nozzle_no INTEGER, strikes INTEGER, coating_ratio REAL, depth_mm REAL, sessions_total INTEGER
);
CREATE TABLE samples_far (
    device_no INTEGER, event_ms INTEGER, boot_no INTEGER, seq INTEGER, clinic_no INTEGER, delay_ms INTEGER,
    flags INTEGER, ts_ms INTEGER, up_ms INTEGER, charge_ratio REAL, voltage_v REAL, health_ratio REAL,
    nozzle_no INTEGER, strikes INTEGER, coating_ratio REAL, depth_mm REAL, sessions_total INTEGER,
    PRIMARY KEY (device_no, event_ms, boot_no, seq)
) WITHOUT ROWID;

-- One row. phase: 0 nothing frozen, 1 the table that is not active is being sealed in order of
-- (day, device_no, event_ms, boot_no, seq), all up to the mark is in the days' tables, 2 it is being emptied.
-- Days outside first_day..last_day go to samples_far.
CREATE TABLE seal (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    active INTEGER NOT NULL, phase INTEGER NOT NULL, sealed_rows INTEGER NOT NULL,
    first_day INTEGER NOT NULL, last_day INTEGER NOT NULL,
    mark_day INTEGER NOT NULL, mark_device_no INTEGER NOT NULL, mark_event_ms INTEGER NOT NULL,
    mark_boot_no INTEGER NOT NULL, mark_seq INTEGER NOT NULL
);
INSERT INTO seal VALUES (1, 0, 0, 0, 0, 0, -9223372036854775808, 0, 0, 0, 0);

-- The days that have a table of their own, and -1 for samples_far.
CREATE TABLE days (day INTEGER PRIMARY KEY, samples INTEGER NOT NULL, first_event_ms INTEGER);
INSERT INTO days (day, samples, first_event_ms) VALUES (-1, 0, NULL);

-- Event times of the samples whose own clock did not say it: the only ones whose key can't be told from themselves.
CREATE TABLE estimated (
    boot_no INTEGER, seq INTEGER, event_ms INTEGER NOT NULL, PRIMARY KEY (boot_no, seq)
) WITHOUT ROWID;

CREATE TABLE rollups (
    device_no INTEGER, bucket INTEGER, clinic_no INTEGER, nozzle_no INTEGER,
    samples INTEGER NOT NULL, mains INTEGER NOT NULL, active INTEGER NOT NULL,
    charge_min REAL, charge_max REAL, charge_sum_u INTEGER NOT NULL, charge_n INTEGER NOT NULL,
    voltage_min REAL, voltage_max REAL, voltage_sum_u INTEGER NOT NULL, voltage_n INTEGER NOT NULL,
    coating_min REAL, coating_max REAL, coating_sum_u INTEGER NOT NULL, coating_n INTEGER NOT NULL,
    strikes_min INTEGER, strikes_max INTEGER, sessions_min INTEGER NOT NULL, sessions_max INTEGER NOT NULL,
    PRIMARY KEY (device_no, bucket, clinic_no, nozzle_no)
) WITHOUT ROWID;

CREATE TABLE sessions (
    boot_no INTEGER, seq INTEGER, device_no INTEGER NOT NULL, clinic_no INTEGER NOT NULL,
    event_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL, estimated INTEGER NOT NULL,
    at_ms INTEGER NOT NULL, -- when it ended, as far as that is known
    ts_ms INTEGER, up_ms INTEGER, session_id TEXT NOT NULL, started_ms INTEGER, ended_ms INTEGER,
    strikes INTEGER NOT NULL, depth_mm REAL, nozzle_no INTEGER, power_source TEXT NOT NULL, ended_by TEXT,
    PRIMARY KEY (boot_no, seq)
) WITHOUT ROWID;
CREATE INDEX sessions_event ON sessions (event_ms);
CREATE INDEX sessions_device ON sessions (device_no, event_ms);
CREATE INDEX sessions_day ON sessions (at_ms, clinic_no);

CREATE TABLE nozzle_events (
    boot_no INTEGER, seq INTEGER, device_no INTEGER NOT NULL, clinic_no INTEGER NOT NULL,
    event_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL, estimated INTEGER NOT NULL,
    ts_ms INTEGER, up_ms INTEGER, action TEXT NOT NULL, nozzle_no INTEGER NOT NULL, strikes INTEGER NOT NULL,
    model TEXT, lot TEXT, rated_strikes INTEGER, expires_on TEXT,
    PRIMARY KEY (boot_no, seq)
) WITHOUT ROWID;
CREATE INDEX nozzle_events_device ON nozzle_events (device_no);

-- Intervals of known seqs, as '0-41,43'.
CREATE TABLE marks (
    boot_no INTEGER PRIMARY KEY, stored TEXT NOT NULL, rejected TEXT NOT NULL, lost TEXT NOT NULL,
    last_received_ms INTEGER NOT NULL
);
CREATE TABLE current_boots (device_no INTEGER PRIMARY KEY, boot_no INTEGER NOT NULL);
CREATE TABLE open_boots (boot_no INTEGER PRIMARY KEY);

-- What changes with every record. key_* are 0 where the latest record is the latest sample; the sample's columns are
-- those of the hot tables, all NULL where there is none.
CREATE TABLE device_states (
    device_no INTEGER PRIMARY KEY, commit_no INTEGER NOT NULL, clinic_no INTEGER NOT NULL,
    last_seen_ms INTEGER NOT NULL, key_event_ms INTEGER, key_boot_no INTEGER, key_seq INTEGER,
    event_ms INTEGER, boot_no INTEGER, seq INTEGER, sample_clinic_no INTEGER, delay_ms INTEGER, flags INTEGER,
    ts_ms INTEGER, up_ms INTEGER, charge_ratio REAL, voltage_v REAL, health_ratio REAL, nozzle_no INTEGER,
    strikes INTEGER, coating_ratio REAL, depth_mm REAL, sessions_total INTEGER
);
-- What seldom does.
CREATE TABLE device_facts (
    device_no INTEGER PRIMARY KEY, first_seen_ms INTEGER NOT NULL,
    status_state TEXT, status_received_ms INTEGER, status_boot_id TEXT,
    model TEXT, firmware TEXT, form TEXT, interval_s INTEGER
);
CREATE TABLE rebuilds (device_no INTEGER PRIMARY KEY);

-- pair_no is device_no * 2^32 + nozzle_no. coating_* keys are 0 where they are those of the last record.
-- info: what the swap record said, as a JSON list [model, lot, rated_strikes, expires_on, event_ms, boot_id, seq], or ''.
CREATE TABLE sightings (
    pair_no INTEGER PRIMARY KEY, clinic_no INTEGER NOT NULL, first_event_ms INTEGER NOT NULL,
    last_event_ms INTEGER NOT NULL, last_boot_no INTEGER NOT NULL, last_seq INTEGER NOT NULL,
    strikes INTEGER, coating_ratio REAL,
    coating_event_ms INTEGER, coating_boot_no INTEGER, coating_seq INTEGER, info TEXT NOT NULL
);

CREATE TABLE ledger (
    ledger_no INTEGER PRIMARY KEY, device_no INTEGER NOT NULL, clinic_no INTEGER NOT NULL,
    event_ms INTEGER NOT NULL, boot_id TEXT NOT NULL, seq INTEGER NOT NULL, action TEXT NOT NULL,
    nozzle_no INTEGER NOT NULL, strikes INTEGER, made_by TEXT NOT NULL, reason TEXT
);
CREATE INDEX ledger_device ON ledger (device_no);
CREATE INDEX ledger_nozzle ON ledger (nozzle_no);

CREATE TABLE quarantine (
    entry_id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, payload_hash TEXT NOT NULL, path TEXT NOT NULL,
    reason TEXT NOT NULL, kind TEXT, clinic_id TEXT, device_id TEXT, boot_id TEXT, seq INTEGER,
    size_bytes INTEGER NOT NULL, known_json TEXT,
    first_received_ms INTEGER NOT NULL, last_received_ms INTEGER NOT NULL, count INTEGER NOT NULL,
    released_ms INTEGER,
    UNIQUE (topic, payload_hash, path)
);
CREATE INDEX quarantine_age ON quarantine (last_received_ms);

CREATE TABLE registry (
    kind TEXT, entry_id TEXT, document TEXT NOT NULL, PRIMARY KEY (kind, entry_id)
) WITHOUT ROWID;

CREATE TABLE alerts (
    alert_id INTEGER PRIMARY KEY AUTOINCREMENT, rule TEXT NOT NULL, subject TEXT NOT NULL, clinic_id TEXT NOT NULL,
    device_id TEXT, severity TEXT NOT NULL, state TEXT NOT NULL, value REAL, summary TEXT NOT NULL,
    pending_since_ms INTEGER NOT NULL, firing_since_ms INTEGER, clearing_since_ms INTEGER, resolved_ms INTEGER,
    last_evidence_ms INTEGER NOT NULL, acknowledged_by TEXT, acknowledged_ms INTEGER
);
CREATE UNIQUE INDEX alerts_open ON alerts (rule, subject) WHERE state <> 'resolved';
CREATE INDEX alerts_subject ON alerts (rule, subject);
CREATE INDEX alerts_device ON alerts (device_id);
CREATE TABLE alert_history (
    history_no INTEGER PRIMARY KEY, alert_id INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    from_state TEXT, to_state TEXT NOT NULL, severity TEXT NOT NULL, note TEXT NOT NULL
);
CREATE INDEX alert_history_alert ON alert_history (alert_id);

-- clinics and models are JSON lists; NULL means all.
CREATE TABLE users (
    name TEXT PRIMARY KEY, role TEXT NOT NULL, clinics TEXT, models TEXT, created_ms INTEGER NOT NULL,
    password_hash TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE tokens (
    token_hash TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, clinics TEXT, models TEXT,
    created_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE sign_ins (
    session_hash TEXT PRIMARY KEY, user_name TEXT NOT NULL, csrf TEXT NOT NULL, created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE audit (
    audit_id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, recorded_ms INTEGER NOT NULL,
    actor TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL, detail_json TEXT NOT NULL
);
CREATE TABLE responses (
    viewer TEXT, idempotency_key TEXT, response_json TEXT NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (viewer, idempotency_key)
) WITHOUT ROWID;
CREATE INDEX responses_age ON responses (at_ms);
CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
