-- What the text of an alert, an order and a line of an order's history says, as JSON: pages word it in their reader's
-- language. NULL where an older version wrote the text, or a person.
ALTER TABLE alerts ADD COLUMN facts_json TEXT;
ALTER TABLE work_orders ADD COLUMN facts_json TEXT;
ALTER TABLE work_history ADD COLUMN told_json TEXT;
