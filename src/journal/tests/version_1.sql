-- A journal as the first tidyfy left it: one job that was cut off by a crash, after one that was finished.
CREATE TABLE jobs (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    base_url          TEXT NOT NULL,
    organization      TEXT NOT NULL,
    organization_name TEXT NOT NULL,
    verb              TEXT NOT NULL,
    steps             INTEGER NOT NULL,
    process           INTEGER NOT NULL,
    created           INTEGER NOT NULL,
    started           INTEGER NOT NULL,
    ended             INTEGER,
    ending            TEXT,
    reason            TEXT
) STRICT;
CREATE TABLE steps (
    job     INTEGER NOT NULL REFERENCES jobs (id),
    n       INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    record  TEXT NOT NULL,
    name    TEXT NOT NULL,
    method  TEXT NOT NULL,
    path    TEXT NOT NULL,
    outcome TEXT,
    reason  TEXT,
    ended   INTEGER,
    PRIMARY KEY (job, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE attempts (
    job        INTEGER NOT NULL,
    step       INTEGER NOT NULL,
    n          INTEGER NOT NULL,
    sent       INTEGER NOT NULL,
    ended      INTEGER,
    took_ms    INTEGER,
    status     INTEGER,
    request_id TEXT,
    words      TEXT,
    PRIMARY KEY (job, step, n),
    FOREIGN KEY (job, step) REFERENCES steps (job, n)
) STRICT, WITHOUT ROWID;
INSERT INTO jobs VALUES
    (1, 'https://go.tallyfy.com/api', 'e0d1', 'Acme Ltd', 'archive', 2, 4711, 1772357400000, 1772357401000,
     1772357403000, 'finished', NULL),
    (2, 'https://go.tallyfy.com/api', 'e0d1', 'Acme Ltd', 'delete', 2, 4712, 1772357500000, 1772357501000,
     NULL, NULL, NULL);
INSERT INTO steps VALUES
    (1, 0, 'tasks', 'a1', 'Task 1', 'DELETE', '/api/organizations/e0d1/tasks/a1', 'done', NULL, 1772357402000),
    (1, 1, 'tasks', 'a2', 'Task 2', 'DELETE', '/api/organizations/e0d1/tasks/a2', 'unknown', 'no answer', 1772357403000),
    (2, 0, 'tags', 'b1', 'Tag 1', 'DELETE', '/api/organizations/e0d1/tags/b1', NULL, NULL, NULL),
    (2, 1, 'tags', 'b2', 'Tag 2', 'DELETE', '/api/organizations/e0d1/tags/b2', NULL, NULL, NULL);
INSERT INTO attempts VALUES
    (1, 0, 1, 1772357401000, 1772357402000, 80, 204, 'r-1', NULL),
    (1, 1, 1, 1772357401000, 1772357403000, 2000, NULL, NULL, 'no answer'),
    (2, 0, 1, 1772357501000, NULL, NULL, NULL, NULL, NULL);
PRAGMA user_version = 1;
