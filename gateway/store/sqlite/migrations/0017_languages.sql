-- In which language a person is told, and has the calendar.
ALTER TABLE notification_settings ADD COLUMN language TEXT NOT NULL DEFAULT 'en';
