-- The id that a snapshot got where it was first taken; packages keep it.

ALTER TABLE snapshots ADD COLUMN origin_id VARCHAR(64) NOT NULL DEFAULT '';
UPDATE snapshots SET origin_id = id;
CREATE INDEX snapshots_by_origin ON snapshots (origin_id);
