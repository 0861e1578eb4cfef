-- An intent stands beside each alert change of which somebody may have to be told; a plan covers it and drops it.
CREATE TABLE outbox_intents (
    intent_id INTEGER PRIMARY KEY AUTOINCREMENT, alert_id INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    from_state TEXT, to_state TEXT NOT NULL, note TEXT NOT NULL
);
CREATE INDEX outbox_intents_alert ON outbox_intents (alert_id);

-- Firing alerts, and when the planner first saw each of them fire.
CREATE TABLE notify_watch (alert_id INTEGER PRIMARY KEY, seen_ms INTEGER NOT NULL);

-- What each receiver knows. told_json: a list of [alert_id, severity, over_ms].
CREATE TABLE notify_groups (
    receiver TEXT, group_key TEXT, version INTEGER NOT NULL, sends INTEGER NOT NULL, last_sent_ms INTEGER,
    told_json TEXT NOT NULL, PRIMARY KEY (receiver, group_key)
) WITHOUT ROWID;

-- state: waiting, sending (until next_try_ms, when the claim runs out), sent, dead.
CREATE TABLE outbox (
    message_id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, receiver TEXT NOT NULL,
    group_key TEXT NOT NULL, channel TEXT NOT NULL, reason TEXT NOT NULL, content_json TEXT NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL, created_ms INTEGER NOT NULL, next_try_ms INTEGER NOT NULL,
    ended_ms INTEGER, error TEXT NOT NULL
);
CREATE INDEX outbox_due ON outbox (next_try_ms) WHERE state IN ('waiting', 'sending');
CREATE INDEX outbox_age ON outbox (ended_ms) WHERE ended_ms IS NOT NULL;

CREATE TABLE notification_settings (
    user_name TEXT PRIMARY KEY, addresses_json TEXT NOT NULL, timezone TEXT NOT NULL, quiet_hours TEXT NOT NULL,
    digest_at TEXT NOT NULL, min_severity TEXT NOT NULL
) WITHOUT ROWID;
