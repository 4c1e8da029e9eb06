-- Volumes whose maps have yet to be told what the catalog says of them: a crash may come in between.

CREATE TABLE undescribed (
  volume_id VARCHAR(16) NOT NULL PRIMARY KEY,
  changes BIGINT NOT NULL
);

CREATE TRIGGER volume_change_is_described AFTER UPDATE OF name, size_bytes ON volumes BEGIN
  INSERT INTO undescribed (volume_id, changes) VALUES (NEW.id, 1)
    ON CONFLICT (volume_id) DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER volume_tag_is_described AFTER INSERT ON tags WHEN NEW.resource_id LIKE 'vol-%' BEGIN
  INSERT INTO undescribed (volume_id, changes) VALUES (NEW.resource_id, 1)
    ON CONFLICT (volume_id) DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER volume_tag_change_is_described AFTER UPDATE ON tags
  WHEN NEW.resource_id LIKE 'vol-%' BEGIN
  INSERT INTO undescribed (volume_id, changes) VALUES (NEW.resource_id, 1)
    ON CONFLICT (volume_id) DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER volume_tag_end_is_described AFTER DELETE ON tags
  WHEN OLD.resource_id LIKE 'vol-%' BEGIN
  INSERT INTO undescribed (volume_id, changes) VALUES (OLD.resource_id, 1)
    ON CONFLICT (volume_id) DO UPDATE SET changes = changes + 1;
END;

-- After its tags went, which are told of as well.
CREATE TRIGGER volume_end_is_described AFTER DELETE ON volumes BEGIN
  DELETE FROM undescribed WHERE volume_id = OLD.id;
END;
