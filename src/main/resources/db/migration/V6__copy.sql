-- Of what a file beside the store has yet to say what the catalog says: see CatalogCopy.

CREATE TABLE uncopied (
  resource_id VARCHAR(16) NOT NULL PRIMARY KEY,
  changes BIGINT NOT NULL
);

INSERT INTO uncopied (resource_id, changes)
  SELECT 'region', 1 UNION SELECT id, 1 FROM accounts UNION SELECT id, 1 FROM images
  UNION SELECT resource_id, 1 FROM permissions UNION SELECT resource_id, 1 FROM tags
  UNION SELECT volume_id, 1 FROM volume_offers;

CREATE TRIGGER setting_is_copied AFTER INSERT ON settings BEGIN
  INSERT INTO uncopied (resource_id, changes) VALUES ('region', 1)
    ON CONFLICT (resource_id) DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER subregion_is_copied AFTER INSERT ON subregions BEGIN
  INSERT INTO uncopied (resource_id, changes) VALUES ('region', 1)
    ON CONFLICT (resource_id) DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER account_is_copied AFTER INSERT ON accounts BEGIN
  INSERT INTO uncopied (resource_id, changes) VALUES (NEW.id, 1)
    ON CONFLICT (resource_id) DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER account_change_is_copied AFTER UPDATE ON accounts BEGIN
  INSERT INTO uncopied (resource_id, changes) VALUES (NEW.id, 1)
    ON CONFLICT (resource_id) DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER quota_is_copied AFTER INSERT ON quotas BEGIN
  INSERT INTO uncopied (resource_id, changes) VALUES (NEW.account_id, 1)
    ON CONFLICT (resource_id) DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER quota_end_is_copied AFTER DELETE ON quotas BEGIN
  INSERT INTO uncopied (resource_id, changes) VALUES (OLD.account_id, 1)
    ON CONFLICT (resource_id) DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER image_is_copied AFTER INSERT ON images BEGIN
  INSERT INTO uncopied (resource_id, changes) VALUES (NEW.id, 1)
    ON CONFLICT (resource_id) DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER image_change_is_copied AFTER UPDATE ON images BEGIN
  INSERT INTO uncopied (resource_id, changes) VALUES (NEW.id, 1)
    ON CONFLICT (resource_id) DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER image_end_is_copied AFTER DELETE ON images BEGIN
  INSERT INTO uncopied (resource_id, changes) VALUES (OLD.id, 1)
    ON CONFLICT (resource_id) DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER permission_is_copied AFTER INSERT ON permissions BEGIN
  INSERT INTO uncopied (resource_id, changes) VALUES (NEW.resource_id, 1)
    ON CONFLICT (resource_id) DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER permission_end_is_copied AFTER DELETE ON permissions BEGIN
  INSERT INTO uncopied (resource_id, changes) VALUES (OLD.resource_id, 1)
    ON CONFLICT (resource_id) DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER tag_is_copied AFTER INSERT ON tags BEGIN
  INSERT INTO uncopied (resource_id, changes) VALUES (NEW.resource_id, 1)
    ON CONFLICT (resource_id) DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER tag_change_is_copied AFTER UPDATE ON tags BEGIN
  INSERT INTO uncopied (resource_id, changes) VALUES (NEW.resource_id, 1)
    ON CONFLICT (resource_id) DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER tag_end_is_copied AFTER DELETE ON tags BEGIN
  INSERT INTO uncopied (resource_id, changes) VALUES (OLD.resource_id, 1)
    ON CONFLICT (resource_id) DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER volume_offer_is_copied AFTER INSERT ON volume_offers BEGIN
  INSERT INTO uncopied (resource_id, changes) VALUES (NEW.volume_id, 1)
    ON CONFLICT (resource_id) DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER volume_offer_end_is_copied AFTER DELETE ON volume_offers BEGIN
  INSERT INTO uncopied (resource_id, changes) VALUES (OLD.volume_id, 1)
    ON CONFLICT (resource_id) DO UPDATE SET changes = changes + 1;
END;

-- With whom an account proves who it is where an access key is not to hand. The password's hash is slow and salted.
CREATE TABLE logins (
  account_id VARCHAR(12) NOT NULL PRIMARY KEY REFERENCES accounts (id),
  email VARCHAR(254) NOT NULL UNIQUE,
  password_hash VARCHAR(255) NOT NULL,
  changed_at_millis BIGINT NOT NULL
);
