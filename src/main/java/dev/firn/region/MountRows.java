package dev.firn.region;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.List;

/** The mounts that are wanted. */
final class MountRows {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Catalog catalog;

  MountRows(Catalog catalog) {
    this.catalog = catalog;
  }

  /** All, by directory. */
  List<MountRecord> all() {
    return catalog.transact(
        handle ->
            handle
                .createQuery("SELECT * FROM mounts ORDER BY directory")
                .map(
                    (results, context) ->
                        new MountRecord(
                            Path.of(results.getString("directory")),
                            results.getString("target_id"),
                            results.getBoolean("read_only"),
                            results.getBoolean("show_snapshots"),
                            results.getString("transport"),
                            decode(results.getString("options"))))
                .list());
  }

  void save(MountRecord mount) {
    catalog.transact(
        handle -> {
          String directory = mount.directory().toString();
          handle.execute("DELETE FROM mounts WHERE directory = ?", directory);
          return handle
              .createUpdate(
                  "INSERT INTO mounts (directory, target_id, read_only, show_snapshots, transport,"
                      + " options) VALUES (:directory, :targetId, :readOnly, :showSnapshots,"
                      + " :transport, :options)")
              .bind("directory", directory)
              .bind("targetId", mount.targetId())
              .bind("readOnly", mount.readOnly())
              .bind("showSnapshots", mount.showSnapshots())
              .bind("transport", mount.transport())
              .bind("options", encode(mount.options()))
              .execute();
        });
  }

  void remove(Path directory) {
    catalog.transact(
        handle -> handle.execute("DELETE FROM mounts WHERE directory = ?", directory.toString()));
  }

  private static String encode(List<String> options) {
    try {
      return JSON.writeValueAsString(options);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("strings always make JSON", e);
    }
  }

  private static List<String> decode(String options) {
    try {
      return List.of(JSON.readValue(options, String[].class));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("mount options '" + options + "' are no JSON array", e);
    }
  }
}
