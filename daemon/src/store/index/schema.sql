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
    -- How far the counts and words are in here, and how far the tokens.
    read_to  INTEGER NOT NULL,
    summed_to INTEGER NOT NULL,
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
-- The words, in pieces that are written once; a text is told by its number in its piece.
CREATE TABLE segments (
    num  INTEGER PRIMARY KEY,
    docs INTEGER NOT NULL
);
CREATE TABLE blocks (
    num     INTEGER PRIMARY KEY,
    segment INTEGER NOT NULL,
    first   TEXT NOT NULL,
    bytes   BLOB NOT NULL
);
CREATE INDEX blocks_first ON blocks (segment, first);
-- Where the texts of a segment lie; the texts themselves stay in their files only.
CREATE TABLE stretches (
    num     INTEGER PRIMARY KEY,
    segment INTEGER NOT NULL,
    first   INTEGER NOT NULL,
    count   INTEGER NOT NULL,
    file    INTEGER NOT NULL,
    offsets BLOB NOT NULL
);
CREATE INDEX stretches_segment ON stretches (segment, file);
CREATE INDEX stretches_file ON stretches (file);
