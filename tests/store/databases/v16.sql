BEGIN TRANSACTION;
CREATE TABLE alert_history (
    history_no INTEGER PRIMARY KEY, alert_id INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    from_state TEXT, to_state TEXT NOT NULL, severity TEXT NOT NULL, note TEXT NOT NULL
);
INSERT INTO "alert_history" VALUES(1,1,1772323200000,NULL,'pending','warning','over limit');
INSERT INTO "alert_history" VALUES(2,1,1772323200001,'pending','firing','warning','held');
CREATE TABLE alerts (
    alert_id INTEGER PRIMARY KEY AUTOINCREMENT, rule TEXT NOT NULL, subject TEXT NOT NULL, clinic_id TEXT NOT NULL,
    device_id TEXT, severity TEXT NOT NULL, state TEXT NOT NULL, value REAL, summary TEXT NOT NULL,
    pending_since_ms INTEGER NOT NULL, firing_since_ms INTEGER, clearing_since_ms INTEGER, resolved_ms INTEGER,
    last_evidence_ms INTEGER NOT NULL, acknowledged_by TEXT, acknowledged_ms INTEGER
, facts_json TEXT);
INSERT INTO "alerts" VALUES(1,'nozzle_due','noz-1','clinic-1','dev-1','warning','firing',0.81,'nozzle noz-1 is due',1772323200000,1772323200001,NULL,NULL,1772323200000,NULL,NULL,NULL);
CREATE TABLE archives (
    file TEXT PRIMARY KEY, day INTEGER NOT NULL, samples INTEGER NOT NULL,
    first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, made_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE audit (
    audit_id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, recorded_ms INTEGER NOT NULL,
    actor TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL, detail_json TEXT NOT NULL
);
INSERT INTO "audit" VALUES(1,1772323200000,1772323200005,'ada','test','nothing','{}');
INSERT INTO "audit" VALUES(2,1772323200000,1772323200005,'ada','test','nothing','{}');
INSERT INTO "audit" VALUES(3,1772323200000,1772323200005,'ada','test','nothing','{}');
INSERT INTO "audit" VALUES(4,1772323200000,1772323200005,'ada','test','nothing','{}');
INSERT INTO "audit" VALUES(5,1772323200000,1772323200005,'ada','test','nothing','{}');
INSERT INTO "audit" VALUES(6,1772323200000,1772323200005,'ada','test','nothing','{}');
CREATE TABLE battery_weeks (
    device_no INTEGER, week INTEGER, at_ms INTEGER NOT NULL, health_ratio REAL NOT NULL,
    PRIMARY KEY (device_no, week)
) WITHOUT ROWID;
CREATE TABLE boots (
    boot_no INTEGER PRIMARY KEY,
    device_no INTEGER NOT NULL,
    boot_id TEXT NOT NULL,
    UNIQUE (device_no, boot_id)
);
INSERT INTO "boots" VALUES(1,1,'boot-1');
CREATE TABLE calendars (owner TEXT PRIMARY KEY, turn INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE clinics (clinic_no INTEGER PRIMARY KEY, clinic_id TEXT NOT NULL UNIQUE);
INSERT INTO "clinics" VALUES(1,'clinic-1');
CREATE TABLE current_boots (device_no INTEGER PRIMARY KEY, boot_no INTEGER NOT NULL);
INSERT INTO "current_boots" VALUES(1,1);
CREATE TABLE days (day INTEGER PRIMARY KEY, samples INTEGER NOT NULL, first_event_ms INTEGER);
INSERT INTO "days" VALUES(-1,0,NULL);
INSERT INTO "days" VALUES(20513,6,1772323200000);
CREATE TABLE demand_forecasts (
    made_day INTEGER, region TEXT, item TEXT, weeks INTEGER, quantiles TEXT NOT NULL, before INTEGER,
    came INTEGER, loss REAL, naive_loss REAL, inside_80 INTEGER,
    PRIMARY KEY (made_day, region, item, weeks)
) WITHOUT ROWID;
CREATE TABLE device_facts (
    device_no INTEGER PRIMARY KEY, first_seen_ms INTEGER NOT NULL,
    status_state TEXT, status_received_ms INTEGER, status_boot_id TEXT,
    model TEXT, firmware TEXT, form TEXT, interval_s INTEGER
);
INSERT INTO "device_facts" VALUES(1,1772323199995,'online',1772323199999,'boot-0','SP-2','1.2.3+a','mobile',900);
CREATE TABLE device_firmware (
    device_no INTEGER, since_ms INTEGER, firmware TEXT NOT NULL, PRIMARY KEY (device_no, since_ms)
) WITHOUT ROWID;
INSERT INTO "device_firmware" VALUES(1,1772323199999,'1.2.3+a');
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
, lot TEXT, received_ms INTEGER);
INSERT INTO "ledger" VALUES(1,1,1,1772323200010,'boot-1',10,'fitted',1,12,'device',NULL,NULL,NULL);
CREATE TABLE lives_told (quarter TEXT PRIMARY KEY, document TEXT NOT NULL, k INTEGER NOT NULL DEFAULT 3) WITHOUT ROWID;
CREATE TABLE marks (
    boot_no INTEGER PRIMARY KEY, stored TEXT NOT NULL, rejected TEXT NOT NULL, lost TEXT NOT NULL,
    last_received_ms INTEGER NOT NULL
);
INSERT INTO "marks" VALUES(1,'0-7,9-10','','',1772323200000);
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('alert_mark',2);
INSERT INTO "meta" VALUES('commit_no',2);
INSERT INTO "meta" VALUES('dropped_before_ms',0);
CREATE TABLE notification_settings (
    user_name TEXT PRIMARY KEY, addresses_json TEXT NOT NULL, timezone TEXT NOT NULL, quiet_hours TEXT NOT NULL,
    digest_at TEXT NOT NULL, min_severity TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "notification_settings" VALUES('ada','[["email", "ada@clinic.example"]]','Europe/Berlin','22:00-07:00','','warning');
CREATE TABLE notify_groups (
    receiver TEXT, group_key TEXT, version INTEGER NOT NULL, sends INTEGER NOT NULL, last_sent_ms INTEGER,
    told_json TEXT NOT NULL, PRIMARY KEY (receiver, group_key)
) WITHOUT ROWID;
CREATE TABLE notify_watch (alert_id INTEGER PRIMARY KEY, seen_ms INTEGER NOT NULL);
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
CREATE TABLE outbox (
    message_id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, receiver TEXT NOT NULL,
    group_key TEXT NOT NULL, channel TEXT NOT NULL, reason TEXT NOT NULL, content_json TEXT NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL, created_ms INTEGER NOT NULL, next_try_ms INTEGER NOT NULL,
    ended_ms INTEGER, error TEXT NOT NULL
);
CREATE TABLE outbox_intents (
    intent_id INTEGER PRIMARY KEY AUTOINCREMENT, alert_id INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    from_state TEXT, to_state TEXT NOT NULL, note TEXT NOT NULL
);
INSERT INTO "outbox_intents" VALUES(1,1,1772323200001,'pending','firing','held');
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
INSERT INTO "registry" VALUES('clinic','clinic-1','{"clinic_id":"clinic-1","name":"North","region":"","timezone":"Europe/Berlin","opening_hours":"","contact":"","discovered":false}');
INSERT INTO "registry" VALUES('device','dev-1','{"device_id":"dev-1","label":"Room 2","asset_tag":"","room":"","state":"repair"}');
INSERT INTO "registry" VALUES('lot','L-1','{"lot":"L-1","model":"SN-9","recalled_ms":1772323200000,"recall_note":""}');
INSERT INTO "registry" VALUES('nozzle_model','SN-9','{"model":"SN-9","rated_strikes":900000,"coating_limit":0.2,"lead_days":null,"price":12.5,"fits":["SP-2"]}');
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
, generation INTEGER NOT NULL DEFAULT 0);
INSERT INTO "seal" VALUES(1,1,0,6,20483,20514,20513,1,1772323200000,1,5,1);
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
CREATE TABLE silences (
    silence_id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,
    rule TEXT, clinic_id TEXT, device_id TEXT, subject TEXT, severity TEXT,
    starts_ms INTEGER NOT NULL, ends_ms INTEGER NOT NULL, ends_with_alert INTEGER NOT NULL,
    comment TEXT NOT NULL, created_by TEXT NOT NULL, created_ms INTEGER NOT NULL, ended_ms INTEGER, ended_by TEXT
);
INSERT INTO "silences" VALUES(1,'silence',NULL,'clinic-1',NULL,NULL,NULL,1772323200000,1772409600000,0,'move','ada',1772323200000,NULL,NULL);
CREATE TABLE spares (
    place_kind TEXT, place TEXT, model TEXT, on_hand INTEGER NOT NULL, counted_ms INTEGER NOT NULL,
    PRIMARY KEY (place_kind, place, model)
) WITHOUT ROWID;
INSERT INTO "spares" VALUES('clinic','clinic-1','SN-9',3,1772323200000);
CREATE TABLE tokens (
    token_hash TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, clinics TEXT, models TEXT,
    created_ms INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO "tokens" VALUES('token-hash','board','vendor',NULL,'["SN-9"]',1772323200000);
CREATE TABLE use_days (
    day INTEGER, device_no INTEGER, clinic_no INTEGER, nozzle_no INTEGER, shift INTEGER,
    sessions INTEGER NOT NULL, strikes INTEGER NOT NULL, timed INTEGER NOT NULL, duration_ms INTEGER NOT NULL,
    depths INTEGER NOT NULL, depth_um INTEGER NOT NULL, on_battery INTEGER NOT NULL, battery_ms INTEGER NOT NULL,
    cut INTEGER NOT NULL, stopped INTEGER NOT NULL,
    PRIMARY KEY (day, device_no, clinic_no, nozzle_no, shift)
) WITHOUT ROWID;
CREATE TABLE use_stale (day INTEGER PRIMARY KEY, turn INTEGER NOT NULL);
INSERT INTO "use_stale" VALUES(20512,1);
CREATE TABLE use_told (month TEXT PRIMARY KEY, document TEXT NOT NULL, k INTEGER NOT NULL DEFAULT 3) WITHOUT ROWID;
CREATE TABLE use_zones (clinic_id TEXT PRIMARY KEY, zone TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE users (
    name TEXT PRIMARY KEY, role TEXT NOT NULL, clinics TEXT, models TEXT, created_ms INTEGER NOT NULL,
    password_hash TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "users" VALUES('ada','manager','["clinic-1"]',NULL,1772323200000,'hash');
CREATE TABLE vendor_told (
    name TEXT, span TEXT, document TEXT NOT NULL, k INTEGER NOT NULL DEFAULT 3, PRIMARY KEY (name, span)
) WITHOUT ROWID;
CREATE TABLE wear_bins (
    nozzle_no INTEGER, bin INTEGER, readings INTEGER NOT NULL, strikes_sum INTEGER NOT NULL,
    coating_sum_u INTEGER NOT NULL, PRIMARY KEY (nozzle_no, bin)
) WITHOUT ROWID;
CREATE TABLE wear_fits (
    fit_no INTEGER PRIMARY KEY AUTOINCREMENT, model TEXT NOT NULL, made_ms INTEGER NOT NULL, units INTEGER NOT NULL,
    lives INTEGER NOT NULL, document BLOB NOT NULL
);
INSERT INTO "wear_fits" VALUES(1,'SN-9',1772323200000,5,3,X'7B7D');
CREATE TABLE "wear_forecasts" (
    nozzle_no INTEGER, day INTEGER, as_of_ms INTEGER NOT NULL, group_name TEXT NOT NULL, fit_no INTEGER NOT NULL,
    strikes INTEGER NOT NULL, wear REAL NOT NULL, remaining TEXT NOT NULL, sessions TEXT, days TEXT, replace_by TEXT,
    outcome TEXT, came_strikes REAL, pit REAL, inside_80 REAL, scored_ms INTEGER,
    tenth INTEGER NOT NULL, taught_shift REAL NOT NULL, taught_spread REAL NOT NULL,
    PRIMARY KEY (nozzle_no, day, tenth)
) WITHOUT ROWID;
INSERT INTO "wear_forecasts" VALUES(1,20513,1772323200000,'model SN-9',1,7000,0.31,'[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]','[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]',NULL,'2026-04-01',NULL,NULL,NULL,NULL,NULL,3,0.0,1.0);
CREATE TABLE wear_mark (
    one INTEGER PRIMARY KEY CHECK (one = 1), generation INTEGER NOT NULL, row_no INTEGER NOT NULL
, slice_end INTEGER NOT NULL DEFAULT 0, done TEXT NOT NULL DEFAULT '');
INSERT INTO "wear_mark" VALUES(1,0,0,0,'');
CREATE TABLE wear_stale (stale_no INTEGER PRIMARY KEY AUTOINCREMENT, nozzle_no INTEGER NOT NULL);
CREATE TABLE wear_states (
    nozzle_no INTEGER PRIMARY KEY, shift INTEGER NOT NULL, last_bin INTEGER NOT NULL, fit_no INTEGER NOT NULL,
    filter TEXT NOT NULL
);
CREATE TABLE work_chases (
    order_id INTEGER, claimed_ms INTEGER, step TEXT, receiver TEXT, at_ms INTEGER NOT NULL,
    PRIMARY KEY (order_id, claimed_ms, step, receiver)
) WITHOUT ROWID;
CREATE TABLE work_history (
    history_no INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, at_ms INTEGER NOT NULL, recorded_ms INTEGER NOT NULL,
    actor TEXT NOT NULL, act TEXT NOT NULL, to_state TEXT NOT NULL, note TEXT NOT NULL
, told_json TEXT);
INSERT INTO "work_history" VALUES(1,1,1772323200000,1772323200001,'gateway','opened','open','nozzle noz-1 is due',NULL);
CREATE TABLE work_orders (
    order_id INTEGER PRIMARY KEY AUTOINCREMENT, version INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
    clinic_id TEXT NOT NULL, device_id TEXT NOT NULL, state TEXT NOT NULL, cause TEXT NOT NULL, severity TEXT NOT NULL,
    summary TEXT NOT NULL, opened_ms INTEGER NOT NULL, opened_by TEXT NOT NULL, due_ms INTEGER, alert_ms INTEGER,
    health_then REAL, assignee TEXT, claimed_by TEXT, claim_reason TEXT, claimed_ms INTEGER, ended_ms INTEGER,
    ended_by TEXT, end_reason TEXT, replaced_by TEXT
, facts_json TEXT);
INSERT INTO "work_orders" VALUES(1,0,'nozzle','noz-1','clinic-1','dev-1','open','nozzle_due','warning','nozzle noz-1 is due',1772323200000,'gateway',NULL,NULL,NULL,'ada',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
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
CREATE INDEX wear_stale_nozzle ON wear_stale (nozzle_no);
CREATE INDEX wear_fits_model ON wear_fits (model, fit_no);
CREATE INDEX silences_open ON silences (ends_ms) WHERE ended_ms IS NULL;
CREATE INDEX outbox_intents_alert ON outbox_intents (alert_id);
CREATE INDEX outbox_due ON outbox (next_try_ms) WHERE state IN ('waiting', 'sending');
CREATE INDEX outbox_age ON outbox (ended_ms) WHERE ended_ms IS NOT NULL;
CREATE UNIQUE INDEX work_orders_nozzle ON work_orders (subject) WHERE kind = 'nozzle';
CREATE UNIQUE INDEX work_orders_battery ON work_orders (subject) WHERE kind = 'battery' AND state IN ('open', 'claimed');
CREATE INDEX work_orders_subject ON work_orders (kind, subject);
CREATE INDEX work_orders_state ON work_orders (state);
CREATE INDEX work_history_order ON work_history (order_id);
CREATE TRIGGER sessions_come AFTER INSERT ON sessions BEGIN
    UPDATE use_stale SET turn = turn + 1 WHERE day = NEW.at_ms / 86400000;
    INSERT INTO use_stale (day, turn) SELECT NEW.at_ms / 86400000, 1
        WHERE NOT EXISTS (SELECT 1 FROM use_stale WHERE day = NEW.at_ms / 86400000);
END;
CREATE TRIGGER sessions_replaced BEFORE INSERT ON sessions
    WHEN EXISTS (SELECT 1 FROM sessions WHERE boot_no = NEW.boot_no AND seq = NEW.seq) BEGIN
    UPDATE use_stale SET turn = turn + 1
        WHERE day = (SELECT at_ms / 86400000 FROM sessions WHERE boot_no = NEW.boot_no AND seq = NEW.seq);
    INSERT INTO use_stale (day, turn) SELECT at_ms / 86400000, 1 FROM sessions
        WHERE boot_no = NEW.boot_no AND seq = NEW.seq
        AND NOT EXISTS (SELECT 1 FROM use_stale WHERE day = sessions.at_ms / 86400000);
END;
CREATE INDEX demand_forecasts_open ON demand_forecasts (made_day) WHERE came IS NULL;
CREATE INDEX wear_forecasts_settled ON wear_forecasts (group_name, outcome, pit, inside_80, nozzle_no)
    WHERE outcome IS NOT NULL;
CREATE INDEX wear_forecasts_open ON wear_forecasts (nozzle_no) WHERE outcome IS NULL;
CREATE UNIQUE INDEX archives_day ON archives (day) WHERE day >= 0;
CREATE TRIGGER firmware_told BEFORE INSERT ON device_facts WHEN NEW.firmware IS NOT NULL AND NEW.firmware IS NOT
    (SELECT firmware FROM device_firmware WHERE device_no = NEW.device_no ORDER BY since_ms DESC LIMIT 1)
BEGIN
    INSERT INTO device_firmware (device_no, since_ms, firmware)
        VALUES (NEW.device_no, ifnull(NEW.status_received_ms, NEW.first_seen_ms), NEW.firmware);
END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('wear_stale',0);
INSERT INTO "sqlite_sequence" VALUES('quarantine',1);
INSERT INTO "sqlite_sequence" VALUES('audit',6);
INSERT INTO "sqlite_sequence" VALUES('alerts',1);
INSERT INTO "sqlite_sequence" VALUES('outbox_intents',1);
INSERT INTO "sqlite_sequence" VALUES('work_orders',1);
INSERT INTO "sqlite_sequence" VALUES('silences',1);
INSERT INTO "sqlite_sequence" VALUES('wear_fits',1);
COMMIT;
PRAGMA user_version = 16;
PRAGMA application_id = 1399417974;
