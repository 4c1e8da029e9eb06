-- Work with buckets, which a restart does not end.

-- Secrets are sealed as those of access keys are.
CREATE TABLE export_tasks (
  number BIGINT NOT NULL PRIMARY KEY,
  id VARCHAR(24) NOT NULL UNIQUE,
  account_id VARCHAR(12) NOT NULL,
  resource_id VARCHAR(16) NOT NULL,
  disk_format VARCHAR(8) NOT NULL,
  endpoint VARCHAR(1024) NOT NULL,
  bucket VARCHAR(255) NOT NULL,
  prefix VARCHAR(1024) NOT NULL,
  key_id VARCHAR(255) NOT NULL,
  sealed_secret VARCHAR(1024) NOT NULL,
  state VARCHAR(16) NOT NULL,
  progress INTEGER NOT NULL,
  comment VARCHAR(1024),
  manifest_url TEXT,
  created_at_millis BIGINT NOT NULL,
  ended_at_millis BIGINT
);

CREATE INDEX export_tasks_by_account ON export_tasks (account_id, number);

CREATE TRIGGER export_task_goes AFTER DELETE ON export_tasks BEGIN
  DELETE FROM tags WHERE resource_id = OLD.id;
END;

-- Snapshots in state in-queue or pending whose content comes from a URL.
CREATE TABLE remote_imports (
  snapshot_number BIGINT NOT NULL PRIMARY KEY REFERENCES snapshots (number) ON DELETE CASCADE,
  sealed_location TEXT NOT NULL
);

-- Which snapshots other Regions have, by the ids there: what an incremental copy can begin from.
CREATE TABLE region_copies (
  snapshot_id VARCHAR(16) NOT NULL,
  account_id VARCHAR(12) NOT NULL,
  region_name VARCHAR(255) NOT NULL,
  copy_id VARCHAR(16) NOT NULL,
  copied_at_millis BIGINT NOT NULL,
  PRIMARY KEY (snapshot_id, account_id, region_name)
);
