-- What vendors were told of each window (a month, a quarter) in files, once for all. document: a JSON list of rows.
CREATE TABLE vendor_told (
    name TEXT, span TEXT, document TEXT NOT NULL, PRIMARY KEY (name, span)
) WITHOUT ROWID;
