-- The index over session files. A cache: it is made anew when its version differs.
CREATE TABLE files (
    num      INTEGER PRIMARY KEY,
    id       TEXT NOT NULL UNIQUE,
    kind     TEXT NOT NULL,
    session  TEXT NOT NULL,
    -- The session that a sub-agent worked for, else its own.
    root     TEXT NOT NULL,
    parent   TEXT,
    call_id  TEXT,
    path     TEXT NOT NULL UNIQUE,
    inode    INTEGER NOT NULL,
    size     INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    read_to  INTEGER NOT NULL,
    cwd      TEXT,
    title    TEXT NOT NULL,
    facts    TEXT NOT NULL
);
CREATE INDEX files_modified ON files (modified DESC, num DESC);
CREATE INDEX files_session ON files (session);
CREATE INDEX files_parent ON files (parent);
CREATE INDEX files_root ON files (root);
CREATE TABLE usage (
    file        INTEGER NOT NULL,
    key         TEXT NOT NULL,
    model       TEXT NOT NULL,
    input       INTEGER NOT NULL,
    output      INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    cache_read  INTEGER NOT NULL,
    -- When it was told first, in milliseconds UTC.
    at          INTEGER NOT NULL,
    PRIMARY KEY (file, key)
) WITHOUT ROWID;
-- Where each indexed text lies; the text itself stays in its file only.
CREATE TABLE pieces (
    num    INTEGER PRIMARY KEY,
    file   INTEGER NOT NULL,
    offset INTEGER NOT NULL
);
CREATE INDEX pieces_file ON pieces (file);
CREATE VIRTUAL TABLE words USING fts5 (
    text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
