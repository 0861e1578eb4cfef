BEGIN TRANSACTION;
CREATE TABLE alert_history (
    history_no INTEGER PRIMARY KEY, alert_id INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    from_state TEXT, to_state TEXT NOT NULL, severity TEXT NOT NULL, note TEXT NOT NULL
);
CREATE TABLE alerts (
    alert_id INTEGER PRIMARY KEY AUTOINCREMENT, rule TEXT NOT NULL, subject TEXT NOT NULL, clinic_id TEXT NOT NULL,
    device_id TEXT, severity TEXT NOT NULL, state TEXT NOT NULL, value REAL, summary TEXT NOT NULL,
    pending_since_ms INTEGER NOT NULL, firing_since_ms INTEGER, clearing_since_ms INTEGER, resolved_ms INTEGER,
    last_evidence_ms INTEGER NOT NULL, acknowledged_by TEXT, acknowledged_ms INTEGER
);
CREATE TABLE audit (
    audit_id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, recorded_ms INTEGER NOT NULL,
    actor TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL, detail_json TEXT NOT NULL
);
CREATE TABLE boots (
    boot_no INTEGER PRIMARY KEY,
    device_no INTEGER NOT NULL,
    boot_id TEXT NOT NULL,
    UNIQUE (device_no, boot_id)
);
INSERT INTO "boots" VALUES(1,1,'boot-1');
CREATE TABLE clinics (clinic_no INTEGER PRIMARY KEY, clinic_id TEXT NOT NULL UNIQUE);
INSERT INTO "clinics" VALUES(1,'clinic-1');
CREATE TABLE current_boots (device_no INTEGER PRIMARY KEY, boot_no INTEGER NOT NULL);
INSERT INTO "current_boots" VALUES(1,1);
CREATE TABLE days (day INTEGER PRIMARY KEY, samples INTEGER NOT NULL, first_event_ms INTEGER);
INSERT INTO "days" VALUES(-1,0,NULL);
INSERT INTO "days" VALUES(20513,6,1772323200000);
CREATE TABLE device_facts (
    device_no INTEGER PRIMARY KEY, first_seen_ms INTEGER NOT NULL,
    status_state TEXT, status_received_ms INTEGER, status_boot_id TEXT,
    model TEXT, firmware TEXT, form TEXT, interval_s INTEGER
);
INSERT INTO "device_facts" VALUES(1,1772323199995,'online',1772323199999,'boot-0','SP-2','1.2.3+a','mobile',900);
CREATE TABLE device_states (
    device_no INTEGER PRIMARY KEY, commit_no INTEGER NOT NULL, clinic_no INTEGER NOT NULL,
    last_seen_ms INTEGER NOT NULL, key_event_ms INTEGER, key_boot_no INTEGER, key_seq INTEGER,
    event_ms INTEGER, boot_no INTEGER, seq INTEGER, sample_clinic_no INTEGER, delay_ms INTEGER, flags INTEGER,
    ts_ms INTEGER, up_ms INTEGER, charge_ratio REAL, voltage_v REAL, health_ratio REAL, nozzle_no INTEGER,
    strikes INTEGER, coating_ratio REAL, depth_mm REAL, sessions_total INTEGER
);
INSERT INTO "device_states" VALUES(1,2,1,1772323200000,0,0,0,1772323200000,1,7,1,100,6,-1,-1,0.7,230.7,-1.0,1,7000,0.75,1.25,2);
CREATE TABLE devices (device_no INTEGER PRIMARY KEY, device_id TEXT NOT NULL UNIQUE);
INSERT INTO "devices" VALUES(1,'dev-1');
CREATE TABLE estimated (
    boot_no INTEGER, seq INTEGER, event_ms INTEGER NOT NULL, PRIMARY KEY (boot_no, seq)
) WITHOUT ROWID;
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
INSERT INTO "hot_1" VALUES(1,1772323200000,1,6,1,100,4,-1,-1,0.6,2.30557142857142849824e+02,0.93,1,6000,0.75,NULL,2);
INSERT INTO "hot_1" VALUES(1,1772323200000,1,7,1,100,6,-1,-1,0.7,230.7,-1.0,1,7000,0.75,1.25,2);
CREATE TABLE ledger (
    ledger_no INTEGER PRIMARY KEY, device_no INTEGER NOT NULL, clinic_no INTEGER NOT NULL,
    event_ms INTEGER NOT NULL, boot_id TEXT NOT NULL, seq INTEGER NOT NULL, action TEXT NOT NULL,
    nozzle_no INTEGER NOT NULL, strikes INTEGER, made_by TEXT NOT NULL, reason TEXT
);
INSERT INTO "ledger" VALUES(1,1,1,1772323200001,'boot-1',1,'fitted',1,12,'device',NULL);
CREATE TABLE marks (
    boot_no INTEGER PRIMARY KEY, stored TEXT NOT NULL, rejected TEXT NOT NULL, lost TEXT NOT NULL,
    last_received_ms INTEGER NOT NULL
);
INSERT INTO "marks" VALUES(1,'0-5,9-10','','',1772323200000);
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('alert_mark',0);
INSERT INTO "meta" VALUES('commit_no',2);
INSERT INTO "meta" VALUES('dropped_before_ms',0);
CREATE TABLE nozzle_events (
    boot_no INTEGER, seq INTEGER, device_no INTEGER NOT NULL, clinic_no INTEGER NOT NULL,
    event_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL, estimated INTEGER NOT NULL,
    ts_ms INTEGER, up_ms INTEGER, action TEXT NOT NULL, nozzle_no INTEGER NOT NULL, strikes INTEGER NOT NULL,
    model TEXT, lot TEXT, rated_strikes INTEGER, expires_on TEXT,
    PRIMARY KEY (boot_no, seq)
) WITHOUT ROWID;
INSERT INTO "nozzle_events" VALUES(1,10,1,1,1772323200000,1772323200100,0,1772323200000,NULL,'fitted',1,12,'SN-9','L-1',900000,'2027-01-31');
CREATE TABLE nozzles (nozzle_no INTEGER PRIMARY KEY, serial TEXT NOT NULL UNIQUE);
INSERT INTO "nozzles" VALUES(1,'noz-1');
CREATE TABLE open_boots (boot_no INTEGER PRIMARY KEY);
INSERT INTO "open_boots" VALUES(1);
CREATE TABLE quarantine (
    entry_id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, payload_hash TEXT NOT NULL, path TEXT NOT NULL,
    reason TEXT NOT NULL, kind TEXT, clinic_id TEXT, device_id TEXT, boot_id TEXT, seq INTEGER,
    size_bytes INTEGER NOT NULL, known_json TEXT,
    first_received_ms INTEGER NOT NULL, last_received_ms INTEGER NOT NULL, count INTEGER NOT NULL,
    released_ms INTEGER,
    UNIQUE (topic, payload_hash, path)
);
INSERT INTO "quarantine" VALUES(1,'fleet/v1/clinic-1/dev-1/telemetry','abababababababababababababababababababababababababababababababab','power.charge','out_of_range','telemetry','clinic-1','dev-1','boot-1',3,210,'{"seq":3}',1772323200000,1772323200000,1,NULL);
CREATE TABLE rebuilds (device_no INTEGER PRIMARY KEY);
CREATE TABLE registry (
    kind TEXT, entry_id TEXT, document TEXT NOT NULL, PRIMARY KEY (kind, entry_id)
) WITHOUT ROWID;
CREATE TABLE responses (
    viewer TEXT, idempotency_key TEXT, response_json TEXT NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (viewer, idempotency_key)
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
INSERT INTO "rollups" VALUES(1,1969248,1,1,6,3,2,0.0,0.5,1500000,6,2.29842857142857127429e+02,2.30271428571428572241e+02,920228571,4,0.75,0.75,4500000,6,0,5000,0,1);
CREATE TABLE samples_20260301 (
    device_no INTEGER, event_ms INTEGER, boot_no INTEGER, seq INTEGER, clinic_no INTEGER, delay_ms INTEGER,
    flags INTEGER, ts_ms INTEGER, up_ms INTEGER, charge_ratio REAL, voltage_v REAL, health_ratio REAL,
    nozzle_no INTEGER, strikes INTEGER, coating_ratio REAL, depth_mm REAL, sessions_total INTEGER,
    PRIMARY KEY (device_no, event_ms, boot_no, seq)
) WITHOUT ROWID;
INSERT INTO "samples_20260301" VALUES(1,1772323200000,1,0,1,100,4,-1,-1,0.0,NULL,0.93,1,0,0.75,NULL,0);
INSERT INTO "samples_20260301" VALUES(1,1772323200000,1,1,1,100,14,-1,-1,0.1,2.29842857142857127429e+02,-1.0,1,1000,0.75,1.25,0);
INSERT INTO "samples_20260301" VALUES(1,1772323200000,1,2,1,100,4,-1,-1,0.2,2.29985714285714266231e+02,-1.0,1,2000,0.75,NULL,0);
INSERT INTO "samples_20260301" VALUES(1,1772323200000,1,3,1,100,6,-1,-1,0.3,2.30128571428571405011e+02,0.93,1,3000,0.75,1.25,1);
INSERT INTO "samples_20260301" VALUES(1,1772323200000,1,4,1,100,4,-1,-1,0.4,2.30271428571428572241e+02,-1.0,1,4000,0.75,NULL,1);
INSERT INTO "samples_20260301" VALUES(1,1772323200000,1,5,1,100,14,-1,-1,0.5,NULL,-1.0,1,5000,0.75,1.25,1);
CREATE TABLE samples_far (
    device_no INTEGER, event_ms INTEGER, boot_no INTEGER, seq INTEGER, clinic_no INTEGER, delay_ms INTEGER,
    flags INTEGER, ts_ms INTEGER, up_ms INTEGER, charge_ratio REAL, voltage_v REAL, health_ratio REAL,
    nozzle_no INTEGER, strikes INTEGER, coating_ratio REAL, depth_mm REAL, sessions_total INTEGER,
    PRIMARY KEY (device_no, event_ms, boot_no, seq)
) WITHOUT ROWID;
CREATE TABLE seal (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    active INTEGER NOT NULL, phase INTEGER NOT NULL, sealed_rows INTEGER NOT NULL,
    first_day INTEGER NOT NULL, last_day INTEGER NOT NULL,
    mark_day INTEGER NOT NULL, mark_device_no INTEGER NOT NULL, mark_event_ms INTEGER NOT NULL,
    mark_boot_no INTEGER NOT NULL, mark_seq INTEGER NOT NULL
);
INSERT INTO "seal" VALUES(1,1,0,6,20113,20514,20513,1,1772323200000,1,5);
CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE sessions (
    boot_no INTEGER, seq INTEGER, device_no INTEGER NOT NULL, clinic_no INTEGER NOT NULL,
    event_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL, estimated INTEGER NOT NULL,
    at_ms INTEGER NOT NULL, -- when it ended, as far as that is known
    ts_ms INTEGER, up_ms INTEGER, session_id TEXT NOT NULL, started_ms INTEGER, ended_ms INTEGER,
    strikes INTEGER NOT NULL, depth_mm REAL, nozzle_no INTEGER, power_source TEXT NOT NULL, ended_by TEXT,
    PRIMARY KEY (boot_no, seq)
) WITHOUT ROWID;
INSERT INTO "sessions" VALUES(1,9,1,1,1772323200000,1772323200100,0,1772323199000,1772323200000,NULL,'0009',1772322000000,1772323199000,90000,1.5,1,'mains','normal');
CREATE TABLE sightings (
    pair_no INTEGER PRIMARY KEY, clinic_no INTEGER NOT NULL, first_event_ms INTEGER NOT NULL,
    last_event_ms INTEGER NOT NULL, last_boot_no INTEGER NOT NULL, last_seq INTEGER NOT NULL,
    strikes INTEGER, coating_ratio REAL,
    coating_event_ms INTEGER, coating_boot_no INTEGER, coating_seq INTEGER, info TEXT NOT NULL
);
INSERT INTO "sightings" VALUES(4294967297,1,1772323199991,1772323200000,1,7,7000,0.7,1772323199997,1,6,'["SN-9","L-1",900000,"2027-01-31",1772323199991,"boot-1",0]');
CREATE TABLE sign_ins (
    session_hash TEXT PRIMARY KEY, user_name TEXT NOT NULL, csrf TEXT NOT NULL, created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE tokens (
    token_hash TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, clinics TEXT, models TEXT,
    created_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE users (
    name TEXT PRIMARY KEY, role TEXT NOT NULL, clinics TEXT, models TEXT, created_ms INTEGER NOT NULL,
    password_hash TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_event ON sessions (event_ms);
CREATE INDEX sessions_device ON sessions (device_no, event_ms);
CREATE INDEX sessions_day ON sessions (at_ms, clinic_no);
CREATE INDEX nozzle_events_device ON nozzle_events (device_no);
CREATE INDEX ledger_device ON ledger (device_no);
CREATE INDEX ledger_nozzle ON ledger (nozzle_no);
CREATE INDEX quarantine_age ON quarantine (last_received_ms);
CREATE UNIQUE INDEX alerts_open ON alerts (rule, subject) WHERE state <> 'resolved';
CREATE INDEX alerts_subject ON alerts (rule, subject);
CREATE INDEX alerts_device ON alerts (device_id);
CREATE INDEX alert_history_alert ON alert_history (alert_id);
CREATE INDEX responses_age ON responses (at_ms);
COMMIT;
PRAGMA user_version = 1;
PRAGMA application_id = 1399417974;
