package dev.firn.region;

import java.nio.file.Path;
import java.util.List;

/** The block volumes that are wanted as devices. */
final class AttachmentRows {
  private final Catalog catalog;

  AttachmentRows(Catalog catalog) {
    this.catalog = catalog;
  }

  /** All, by volume. */
  List<AttachmentRecord> all() {
    return catalog.transact(
        handle ->
            handle
                .createQuery("SELECT * FROM devices ORDER BY volume_id")
                .map(
                    (results, context) -> {
                      String directory = results.getString("directory");
                      return new AttachmentRecord(
                          results.getString("volume_id"),
                          results.getString("device"),
                          Path.of(results.getString("disk")),
                          directory == null ? null : Path.of(directory));
                    })
                .list());
  }

  void save(AttachmentRecord attachment) {
    catalog.transact(
        handle -> {
          handle.execute("DELETE FROM devices WHERE volume_id = ?", attachment.volumeId());
          return handle
              .createUpdate(
                  "INSERT INTO devices (volume_id, device, disk, directory) VALUES"
                      + " (:volumeId, :device, :disk, :directory)")
              .bind("volumeId", attachment.volumeId())
              .bind("device", attachment.device())
              .bind("disk", attachment.disk().toString())
              .bind(
                  "directory",
                  attachment.directory() == null ? null : attachment.directory().toString())
              .execute();
        });
  }

  void remove(String volumeId) {
    catalog.transact(handle -> handle.execute("DELETE FROM devices WHERE volume_id = ?", volumeId));
  }
}
