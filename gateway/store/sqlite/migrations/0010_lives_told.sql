-- What vendors were told of nozzle lives at the end of each quarter, once for all. document: a JSON list of answers.
CREATE TABLE lives_told (quarter TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
