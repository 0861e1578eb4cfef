-- Who was told that a claim is overdue: each receiver once for each claim and step (reminder, escalation).
CREATE TABLE work_chases (
    order_id INTEGER, claimed_ms INTEGER, step TEXT, receiver TEXT, at_ms INTEGER NOT NULL,
    PRIMARY KEY (order_id, claimed_ms, step, receiver)
) WITHOUT ROWID;
