-- Volumes had a kind from the beginning, though there was only one.
ALTER TABLE snapshots ADD COLUMN kind VARCHAR(16) NOT NULL DEFAULT 'filesystem';

-- The block volumes that a restarted daemon attaches again: the device, the file behind it, and where its file
-- system is mounted.
CREATE TABLE devices (
  volume_id VARCHAR(16) NOT NULL PRIMARY KEY,
  device VARCHAR(64) NOT NULL,
  disk VARCHAR(4096) NOT NULL,
  directory VARCHAR(4096)
);
