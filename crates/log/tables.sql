-- The log. Nodes, scopes and kinds are numbered here, so that an entry does not repeat them.
CREATE TABLE log_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE log_node (id INTEGER PRIMARY KEY, node BLOB NOT NULL UNIQUE);
CREATE TABLE log_scope (id INTEGER PRIMARY KEY, scope BLOB NOT NULL UNIQUE);
CREATE TABLE log_kind (id INTEGER PRIMARY KEY, kind TEXT NOT NULL UNIQUE);

-- salt and payload are NULL once erased; only then does the commitment need a place of its own.
-- size: how long the payload is, where it stands packed; NULL where it stands as it is.
-- effective: the clock a ruling gave; held: 1 while the clock lies in the future and nobody has ruled.
CREATE TABLE entry (
  id INTEGER PRIMARY KEY,
  scope INTEGER NOT NULL,
  node INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  clock INTEGER NOT NULL,
  author BLOB NOT NULL,
  subject BLOB NOT NULL,
  kind INTEGER NOT NULL,
  base BLOB,
  salt BLOB,
  payload BLOB,
  commitment BLOB,
  hash BLOB NOT NULL,
  effective INTEGER,
  held INTEGER NOT NULL DEFAULT 0,
  size INTEGER
);
CREATE UNIQUE INDEX entry_chain ON entry (scope, node, seq);
CREATE INDEX entry_subject ON entry (subject);
CREATE INDEX entry_held ON entry (held) WHERE held = 1;

-- The end of each chain, and the signed heads up to which it can be passed on.
CREATE TABLE tip (
  scope INTEGER NOT NULL, node INTEGER NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL,
  PRIMARY KEY (scope, node)
) WITHOUT ROWID;
CREATE TABLE head (
  scope INTEGER NOT NULL, node INTEGER NOT NULL, seq INTEGER NOT NULL, signature BLOB NOT NULL,
  PRIMARY KEY (scope, node, seq)
) WITHOUT ROWID;

-- What rulings and erasures say, also of entries that have not come yet.
CREATE TABLE ruling (
  scope BLOB NOT NULL, node BLOB NOT NULL, seq INTEGER NOT NULL, effective INTEGER NOT NULL,
  PRIMARY KEY (scope, node, seq)
) WITHOUT ROWID;
CREATE TABLE erasure (
  subject BLOB NOT NULL, kind TEXT NOT NULL,
  PRIMARY KEY (subject, kind)
) WITHOUT ROWID;
CREATE TABLE erasure_seen (
  subject BLOB NOT NULL, node BLOB NOT NULL,
  PRIMARY KEY (subject, node)
) WITHOUT ROWID;
