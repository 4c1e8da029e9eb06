-- Accounts, and what they own, share and may use.

CREATE TABLE accounts (
  id VARCHAR(12) NOT NULL PRIMARY KEY,
  name VARCHAR(128) NOT NULL UNIQUE,
  created_at_millis BIGINT NOT NULL
);

-- The home's owner, who has everything that was there before. The time is unknown.
INSERT INTO accounts (id, name, created_at_millis) VALUES ('100000000001', 'owner', 0);

-- Secrets are sealed with a key that is not in the catalog.
CREATE TABLE access_keys (
  id VARCHAR(20) NOT NULL PRIMARY KEY,
  account_id VARCHAR(12) NOT NULL REFERENCES accounts (id),
  sealed_secret VARCHAR(255) NOT NULL,
  active BOOLEAN NOT NULL,
  tag VARCHAR(255),
  created_at_millis BIGINT NOT NULL,
  changed_at_millis BIGINT NOT NULL,
  expires_at_millis BIGINT
);

CREATE INDEX access_keys_by_account ON access_keys (account_id, id);

ALTER TABLE volumes ADD COLUMN account_id VARCHAR(12) NOT NULL DEFAULT '100000000001';
ALTER TABLE snapshots ADD COLUMN account_id VARCHAR(12) NOT NULL DEFAULT '100000000001';
ALTER TABLE tags ADD COLUMN account_id VARCHAR(12) NOT NULL DEFAULT '100000000001';

-- Accounts choose names without knowing of others'.
DROP INDEX volumes_by_name;
CREATE UNIQUE INDEX volumes_by_name ON volumes (name, account_id) WHERE state <> 'deleting';
CREATE INDEX volumes_by_account ON volumes (account_id, number);

DROP INDEX snapshots_by_unique_name;
CREATE UNIQUE INDEX snapshots_by_unique_name ON snapshots (volume_id, name, account_id)
  WHERE name IS NOT NULL AND state NOT IN ('deleting', 'error');
CREATE INDEX snapshots_by_account ON snapshots (account_id, number);
CREATE INDEX snapshots_being_taken ON snapshots (account_id) WHERE state IN ('in-queue', 'pending');

CREATE INDEX tags_by_account ON tags (account_id, resource_id, tag_key);

-- Who but the owner may use a snapshot or image; the account 'all' is everybody.
CREATE TABLE permissions (
  resource_id VARCHAR(16) NOT NULL,
  account_id VARCHAR(12) NOT NULL,
  PRIMARY KEY (resource_id, account_id)
);

CREATE INDEX permissions_by_account ON permissions (account_id, resource_id);

-- Only quotas that were set; without a row there is no limit.
CREATE TABLE quotas (
  account_id VARCHAR(12) NOT NULL REFERENCES accounts (id),
  name VARCHAR(32) NOT NULL,
  max_value BIGINT NOT NULL,
  PRIMARY KEY (account_id, name)
);

-- What each account has, counted as it comes and goes, so that no quota costs a count.
CREATE TABLE quota_usage (
  account_id VARCHAR(12) NOT NULL,
  name VARCHAR(32) NOT NULL,
  used BIGINT NOT NULL,
  PRIMARY KEY (account_id, name)
);

INSERT INTO quota_usage (account_id, name, used)
  SELECT account_id, 'snapshots', COUNT(*) FROM snapshots GROUP BY account_id;
INSERT INTO quota_usage (account_id, name, used)
  SELECT account_id, 'volumes', COUNT(*) FROM volumes GROUP BY account_id;
INSERT INTO quota_usage (account_id, name, used)
  SELECT account_id, 'volume_bytes', SUM(size_bytes) FROM volumes GROUP BY account_id;
INSERT INTO quota_usage (account_id, name, used)
  SELECT account_id, 'tags', COUNT(*) FROM tags GROUP BY account_id;

CREATE TRIGGER snapshot_comes AFTER INSERT ON snapshots BEGIN
  INSERT INTO quota_usage (account_id, name, used) VALUES (NEW.account_id, 'snapshots', 1)
    ON CONFLICT (account_id, name) DO UPDATE SET used = used + 1;
END;

CREATE TRIGGER snapshot_goes AFTER DELETE ON snapshots BEGIN
  UPDATE quota_usage SET used = used - 1 WHERE account_id = OLD.account_id AND name = 'snapshots';
  DELETE FROM permissions WHERE resource_id = OLD.id;
END;

CREATE TRIGGER volume_comes AFTER INSERT ON volumes BEGIN
  INSERT INTO quota_usage (account_id, name, used) VALUES (NEW.account_id, 'volumes', 1)
    ON CONFLICT (account_id, name) DO UPDATE SET used = used + 1;
  INSERT INTO quota_usage (account_id, name, used)
    VALUES (NEW.account_id, 'volume_bytes', NEW.size_bytes)
    ON CONFLICT (account_id, name) DO UPDATE SET used = used + NEW.size_bytes;
END;

CREATE TRIGGER volume_grows AFTER UPDATE OF size_bytes ON volumes BEGIN
  UPDATE quota_usage SET used = used + NEW.size_bytes - OLD.size_bytes
    WHERE account_id = NEW.account_id AND name = 'volume_bytes';
END;

CREATE TRIGGER volume_goes AFTER DELETE ON volumes BEGIN
  UPDATE quota_usage SET used = used - 1 WHERE account_id = OLD.account_id AND name = 'volumes';
  UPDATE quota_usage SET used = used - OLD.size_bytes
    WHERE account_id = OLD.account_id AND name = 'volume_bytes';
  DELETE FROM tags WHERE resource_id = OLD.id;
  DELETE FROM volume_offers WHERE volume_id = OLD.id;
  DELETE FROM attachments WHERE volume_id = OLD.id;
END;

CREATE TRIGGER tag_comes AFTER INSERT ON tags BEGIN
  INSERT INTO quota_usage (account_id, name, used) VALUES (NEW.account_id, 'tags', 1)
    ON CONFLICT (account_id, name) DO UPDATE SET used = used + 1;
END;

CREATE TRIGGER tag_goes AFTER DELETE ON tags BEGIN
  UPDATE quota_usage SET used = used - 1 WHERE account_id = OLD.account_id AND name = 'tags';
END;

-- What the API says of a volume that makes no difference here; without a row it is 'standard'.
CREATE TABLE volume_offers (
  volume_id VARCHAR(16) NOT NULL PRIMARY KEY,
  volume_type VARCHAR(16) NOT NULL,
  iops INTEGER
);

-- The mounts that the API asked for: of which volume for which machine, under which device's name.
CREATE TABLE attachments (
  volume_id VARCHAR(16) NOT NULL PRIMARY KEY,
  vm_id VARCHAR(32) NOT NULL,
  device_name VARCHAR(64) NOT NULL,
  directory VARCHAR(4096) NOT NULL,
  linked_at_millis BIGINT NOT NULL,
  UNIQUE (vm_id, device_name)
);

-- Requests that are not to be done twice.
CREATE TABLE client_tokens (
  account_id VARCHAR(12) NOT NULL,
  action VARCHAR(64) NOT NULL,
  token VARCHAR(255) NOT NULL,
  arguments_digest VARCHAR(64) NOT NULL,
  resource_id VARCHAR(16),
  PRIMARY KEY (account_id, action, token)
);

CREATE INDEX client_tokens_by_resource ON client_tokens (resource_id);

CREATE TABLE volume_update_tasks (
  number BIGINT NOT NULL PRIMARY KEY,
  id VARCHAR(20) NOT NULL UNIQUE,
  account_id VARCHAR(12) NOT NULL,
  volume_id VARCHAR(16) NOT NULL,
  state VARCHAR(16) NOT NULL,
  comment VARCHAR(1024),
  origin_size_bytes BIGINT NOT NULL,
  origin_type VARCHAR(16) NOT NULL,
  origin_iops INTEGER,
  target_size_bytes BIGINT NOT NULL,
  target_type VARCHAR(16) NOT NULL,
  target_iops INTEGER,
  started_at_millis BIGINT NOT NULL,
  completed_at_millis BIGINT
);

CREATE INDEX volume_update_tasks_by_account ON volume_update_tasks (account_id, number);

CREATE TABLE images (
  number BIGINT NOT NULL PRIMARY KEY,
  id VARCHAR(16) NOT NULL UNIQUE,
  account_id VARCHAR(12) NOT NULL,
  name VARCHAR(128) NOT NULL,
  description VARCHAR(1024) NOT NULL,
  architecture VARCHAR(16) NOT NULL,
  root_device_name VARCHAR(64) NOT NULL,
  product_codes TEXT NOT NULL,
  boot_modes TEXT NOT NULL,
  tpm_mandatory BOOLEAN NOT NULL,
  created_at_millis BIGINT NOT NULL,
  UNIQUE (account_id, name)
);

CREATE TABLE image_mappings (
  image_id VARCHAR(16) NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  device_name VARCHAR(64) NOT NULL,
  virtual_device_name VARCHAR(64),
  snapshot_id VARCHAR(16),
  size_gib BIGINT,
  volume_type VARCHAR(16),
  iops INTEGER,
  delete_on_vm_deletion BOOLEAN NOT NULL,
  PRIMARY KEY (image_id, position)
);

CREATE INDEX image_mappings_by_snapshot ON image_mappings (snapshot_id);

CREATE TRIGGER image_goes AFTER DELETE ON images BEGIN
  DELETE FROM permissions WHERE resource_id = OLD.id;
  DELETE FROM tags WHERE resource_id = OLD.id;
END;

-- Who asked for what over the network.
CREATE TABLE api_logs (
  number BIGINT NOT NULL PRIMARY KEY,
  account_id VARCHAR(12) NOT NULL,
  request_id VARCHAR(36) NOT NULL,
  access_key_id VARCHAR(20),
  call_name VARCHAR(64) NOT NULL,
  called_at_millis BIGINT NOT NULL,
  duration_micros BIGINT NOT NULL,
  ip_address VARCHAR(64) NOT NULL,
  user_agent VARCHAR(1024) NOT NULL,
  api_version VARCHAR(16) NOT NULL,
  header_raw TEXT NOT NULL,
  header_bytes BIGINT NOT NULL,
  payload_raw TEXT NOT NULL,
  payload_bytes BIGINT NOT NULL,
  response_bytes BIGINT NOT NULL,
  status_code INTEGER NOT NULL
);

CREATE INDEX api_logs_by_account ON api_logs (account_id, called_at_millis, number);
CREATE INDEX api_logs_by_time ON api_logs (called_at_millis);

INSERT INTO counters (name, last_number) VALUES ('image', 0);
INSERT INTO counters (name, last_number) VALUES ('task', 0);
INSERT INTO counters (name, last_number) VALUES ('api-log', 0);
