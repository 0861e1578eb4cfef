-- Work orders: a nozzle has one for its whole life; a battery one at a time.
CREATE TABLE work_orders (
    order_id INTEGER PRIMARY KEY AUTOINCREMENT, version INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
    clinic_id TEXT NOT NULL, device_id TEXT NOT NULL, state TEXT NOT NULL, cause TEXT NOT NULL, severity TEXT NOT NULL,
    summary TEXT NOT NULL, opened_ms INTEGER NOT NULL, opened_by TEXT NOT NULL, due_ms INTEGER, alert_ms INTEGER,
    health_then REAL, assignee TEXT, claimed_by TEXT, claim_reason TEXT, claimed_ms INTEGER, ended_ms INTEGER,
    ended_by TEXT, end_reason TEXT, replaced_by TEXT
);
CREATE UNIQUE INDEX work_orders_nozzle ON work_orders (subject) WHERE kind = 'nozzle';
CREATE UNIQUE INDEX work_orders_battery ON work_orders (subject) WHERE kind = 'battery' AND state IN ('open', 'claimed');
CREATE INDEX work_orders_subject ON work_orders (kind, subject);
CREATE INDEX work_orders_state ON work_orders (state);
CREATE TABLE work_history (
    history_no INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, at_ms INTEGER NOT NULL, recorded_ms INTEGER NOT NULL,
    actor TEXT NOT NULL, act TEXT NOT NULL, to_state TEXT NOT NULL, note TEXT NOT NULL
);
CREATE INDEX work_history_order ON work_history (order_id);

CREATE TABLE spares (
    place_kind TEXT, place TEXT, model TEXT, on_hand INTEGER NOT NULL, counted_ms INTEGER NOT NULL,
    PRIMARY KEY (place_kind, place, model)
) WITHOUT ROWID;

-- The address of a person's calendar is made from a secret and the turn: a new turn ends the old address.
CREATE TABLE calendars (owner TEXT PRIMARY KEY, turn INTEGER NOT NULL) WITHOUT ROWID;

-- What a person read off the package of a nozzle that the device said nothing of.
ALTER TABLE ledger ADD COLUMN lot TEXT;
