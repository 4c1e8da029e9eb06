-- What a Region knows beside its store. Portable SQL: SQLite today, PostgreSQL when wanted.

CREATE TABLE settings (
  name VARCHAR(64) NOT NULL PRIMARY KEY,
  text_value VARCHAR(255) NOT NULL
);

-- The last number given out; numbers are never used again.
CREATE TABLE counters (
  name VARCHAR(64) NOT NULL PRIMARY KEY,
  last_number BIGINT NOT NULL
);

INSERT INTO counters (name, last_number) VALUES ('volume', 0);
INSERT INTO counters (name, last_number) VALUES ('snapshot', 0);

CREATE TABLE subregions (
  name VARCHAR(128) NOT NULL PRIMARY KEY,
  position INTEGER NOT NULL UNIQUE
);

CREATE TABLE volumes (
  number BIGINT NOT NULL PRIMARY KEY,
  id VARCHAR(16) NOT NULL UNIQUE,
  name VARCHAR(128) NOT NULL,
  kind VARCHAR(16) NOT NULL,
  size_bytes BIGINT NOT NULL,
  state VARCHAR(16) NOT NULL,
  compression VARCHAR(16) NOT NULL,
  subregion VARCHAR(128) NOT NULL REFERENCES subregions (name),
  source_snapshot_id VARCHAR(16),
  created_at_millis BIGINT NOT NULL
);

-- The name of a volume on its way out is free.
CREATE UNIQUE INDEX volumes_by_name ON volumes (name) WHERE state <> 'deleting';

-- Block maps that an import fills; nothing of them is visible.
CREATE TABLE imports (
  volume_number BIGINT NOT NULL PRIMARY KEY,
  started_at_millis BIGINT NOT NULL
);

-- volume_number says which block map holds the frozen root: it outlives the volume's row.
CREATE TABLE snapshots (
  number BIGINT NOT NULL PRIMARY KEY,
  id VARCHAR(16) NOT NULL UNIQUE,
  name VARCHAR(255),
  volume_number BIGINT NOT NULL,
  volume_id VARCHAR(16) NOT NULL,
  volume_name VARCHAR(255) NOT NULL,
  state VARCHAR(16) NOT NULL,
  progress INTEGER NOT NULL,
  description VARCHAR(1024) NOT NULL,
  size_bytes BIGINT NOT NULL,
  created_at_millis BIGINT NOT NULL,
  failure VARCHAR(1024)
);

CREATE UNIQUE INDEX snapshots_by_unique_name ON snapshots (volume_id, name)
  WHERE name IS NOT NULL AND state NOT IN ('deleting', 'error');
CREATE INDEX snapshots_by_name ON snapshots (name);
CREATE INDEX snapshots_by_volume_number ON snapshots (volume_number, number);
CREATE INDEX snapshots_by_volume_id ON snapshots (volume_id, number);
CREATE INDEX snapshots_unfinished ON snapshots (number)
  WHERE state IN ('in-queue', 'pending', 'deleting');

CREATE TABLE tags (
  resource_id VARCHAR(16) NOT NULL,
  tag_key VARCHAR(255) NOT NULL,
  tag_value VARCHAR(255) NOT NULL,
  PRIMARY KEY (resource_id, tag_key)
);

-- The mounts that a restarted daemon brings back; options are a JSON array.
CREATE TABLE mounts (
  directory VARCHAR(4096) NOT NULL PRIMARY KEY,
  target_id VARCHAR(16) NOT NULL,
  read_only BOOLEAN NOT NULL,
  show_snapshots BOOLEAN NOT NULL,
  transport VARCHAR(64) NOT NULL,
  options TEXT NOT NULL
);
