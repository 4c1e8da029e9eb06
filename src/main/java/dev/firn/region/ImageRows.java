package dev.firn.region;

import dev.firn.base.FirnException;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotState;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;

/** Images' rows with their mappings and tags. Lists of words are kept with commas between. */
final class ImageRows {
  private final Catalog catalog;
  private final Clock clock;

  ImageRows(Catalog catalog, Clock clock) {
    this.catalog = catalog;
    this.clock = clock;
  }

  /**
   * Makes an image; id, number and time of {@code wanted} do not matter. CONFLICT if the account
   * has an image of that name; NOT_FOUND if a snapshot is gone meanwhile.
   */
  Image insert(Image wanted) {
    return catalog.transact(
        handle -> {
          requireFreeName(handle, wanted.accountId(), wanted.name());
          for (Image.Mapping mapping : wanted.mappings()) {
            requireCompleted(handle, mapping.snapshotId());
          }
          return insertNew(handle, wanted, wanted.mappings());
        });
  }

  /**
   * As {@link #insert}, with a new snapshot for each mapping that waits for its content.
   *
   * @param sealed where the contents are, by device
   */
  Image insertFrom(Image wanted, Map<String, Image.Source> sources, Map<String, String> sealed) {
    return catalog.transact(
        handle -> {
          requireFreeName(handle, wanted.accountId(), wanted.name());
          List<Image.Mapping> mappings = new ArrayList<>();
          for (Image.Mapping mapping : wanted.mappings()) {
            String device = mapping.deviceName();
            Snapshot waiting =
                RemoteImportRows.insert(
                    handle,
                    clock,
                    wanted.accountId(),
                    "Of image " + wanted.name(),
                    sources.get(device).sizeBytes(),
                    sealed.get(device));
            mappings.add(
                new Image.Mapping(
                    device,
                    null,
                    waiting.id(),
                    mapping.sizeGib(),
                    mapping.offer(),
                    mapping.deleteOnVmDeletion()));
          }
          return insertNew(handle, wanted, mappings);
        });
  }

  private Image insertNew(Handle handle, Image wanted, List<Image.Mapping> mappings) {
    Image row =
        new Image(
            Ids.fresh("ami", id -> list(handle, "id", id).isEmpty()),
            Catalog.nextNumber(handle, "image"),
            wanted.accountId(),
            wanted.name(),
            wanted.description(),
            wanted.architecture(),
            wanted.rootDeviceName(),
            wanted.productCodes(),
            wanted.bootModes(),
            wanted.tpmMandatory(),
            mappings,
            Map.of(),
            Instant.ofEpochMilli(clock.millis()));
    insert(handle, row);
    return row;
  }

  /** The states of images that are made of snapshots without content, or of failed ones. */
  Map<String, Images.State> unavailable() {
    return catalog.transact(
        handle -> {
          Map<String, Images.State> states = new LinkedHashMap<>();
          handle
              .createQuery(
                  "SELECT m.image_id, s.state FROM snapshots s JOIN image_mappings m"
                      + " ON m.snapshot_id = s.id WHERE s.state IN ('in-queue', 'pending', 'error')")
              .map(
                  (results, context) ->
                      states.merge(
                          results.getString("image_id"),
                          results.getString("state").equals("error")
                              ? Images.State.FAILED
                              : Images.State.PENDING,
                          (one, other) -> one == Images.State.FAILED ? one : other))
              .list();
          return states;
        });
  }

  /** The image, whose ever it is, or null. */
  Image find(String id) {
    return catalog.transact(handle -> find(handle, id));
  }

  static Image find(Handle handle, String id) {
    List<Image> found = list(handle, "id", id);
    return found.isEmpty() ? null : found.get(0);
  }

  /** Those that an account may see, its own and those shared with it, oldest first. */
  List<Image> visible(String accountId) {
    return catalog.transact(
        handle ->
            list(
                handle,
                handle
                    .createQuery(
                        "SELECT * FROM images WHERE account_id = :account OR id IN (SELECT"
                            + " resource_id FROM permissions WHERE account_id IN (:account, 'all'))"
                            + " ORDER BY number")
                    .bind("account", accountId)));
  }

  void update(String id, String description, List<String> productCodes) {
    catalog.transact(
        handle ->
            handle.execute(
                "UPDATE images SET description = ?, product_codes = ? WHERE id = ?",
                description,
                String.join(",", productCodes),
                id));
  }

  void remove(String id) {
    catalog.transact(handle -> handle.execute("DELETE FROM images WHERE id = ?", id));
  }

  private static void requireFreeName(Handle handle, String accountId, String name) {
    int taken =
        handle
            .createQuery("SELECT COUNT(*) FROM images WHERE account_id = :account AND name = :name")
            .bind("account", accountId)
            .bind("name", name)
            .mapTo(Integer.class)
            .one();
    if (taken > 0) {
      throw FirnException.conflict("image '%s' exists already: choose another name", name)
          .because("duplicate-name");
    }
  }

  private static void requireCompleted(Handle handle, String snapshotId) {
    if (snapshotId == null) {
      return;
    }
    boolean completed =
        SnapshotRows.find(handle, "s.id", snapshotId).stream()
            .anyMatch(each -> each.state() == SnapshotState.COMPLETED);
    if (!completed) {
      throw FirnException.conflict(
              "snapshot %s is not completed: no image can be made of it", snapshotId)
          .because("invalid-state");
    }
  }

  static void insert(Handle handle, Image row) {
    handle
        .createUpdate(
            "INSERT INTO images (number, id, account_id, name, description, architecture,"
                + " root_device_name, product_codes, boot_modes, tpm_mandatory,"
                + " created_at_millis) VALUES (:number, :id, :account, :name, :description,"
                + " :architecture, :root, :codes, :modes, :tpm, :created)")
        .bind("number", row.number())
        .bind("id", row.id())
        .bind("account", row.accountId())
        .bind("name", row.name())
        .bind("description", row.description())
        .bind("architecture", row.architecture())
        .bind("root", row.rootDeviceName())
        .bind("codes", String.join(",", row.productCodes()))
        .bind("modes", String.join(",", row.bootModes()))
        .bind("tpm", row.tpmMandatory())
        .bind("created", row.createdAt().toEpochMilli())
        .execute();
    int position = 0;
    for (Image.Mapping mapping : row.mappings()) {
      VolumeOffer offer = mapping.offer();
      handle
          .createUpdate(
              "INSERT INTO image_mappings (image_id, position, device_name, virtual_device_name,"
                  + " snapshot_id, size_gib, volume_type, iops, delete_on_vm_deletion) VALUES"
                  + " (:image, :position, :device, :virtual, :snapshot, :size, :type, :iops,"
                  + " :delete)")
          .bind("image", row.id())
          .bind("position", position++)
          .bind("device", mapping.deviceName())
          .bind("virtual", mapping.virtualDeviceName())
          .bind("snapshot", mapping.snapshotId())
          .bind("size", mapping.sizeGib())
          .bind("type", offer == null ? null : offer.type())
          .bind("iops", offer == null ? null : offer.iops())
          .bind("delete", mapping.deleteOnVmDeletion())
          .execute();
    }
  }

  private static List<Image> list(Handle handle, String column, Object value) {
    return list(
        handle,
        handle
            .createQuery("SELECT * FROM images WHERE " + column + " = :value")
            .bind("value", value));
  }

  private static List<Image> list(Handle handle, Query query) {
    List<Image> bare = query.map((results, context) -> read(results)).list();
    List<Image> all = new ArrayList<>();
    for (Image image : bare) {
      List<Image.Mapping> mappings =
          handle
              .createQuery("SELECT * FROM image_mappings WHERE image_id = :id ORDER BY position")
              .bind("id", image.id())
              .map((results, context) -> mapping(results))
              .list();
      Map<String, String> tags = new LinkedHashMap<>();
      handle
          .createQuery(
              "SELECT tag_key, tag_value FROM tags WHERE resource_id = :id ORDER BY tag_key")
          .bind("id", image.id())
          .map(
              (results, context) ->
                  tags.put(results.getString("tag_key"), results.getString("tag_value")))
          .list();
      all.add(
          new Image(
              image.id(),
              image.number(),
              image.accountId(),
              image.name(),
              image.description(),
              image.architecture(),
              image.rootDeviceName(),
              image.productCodes(),
              image.bootModes(),
              image.tpmMandatory(),
              mappings,
              tags,
              image.createdAt()));
    }
    return all;
  }

  private static Image.Mapping mapping(ResultSet results) throws SQLException {
    long sizeGib = results.getLong("size_gib");
    boolean sized = !results.wasNull();
    String type = results.getString("volume_type");
    int iops = results.getInt("iops");
    boolean hasIops = !results.wasNull();
    return new Image.Mapping(
        results.getString("device_name"),
        results.getString("virtual_device_name"),
        results.getString("snapshot_id"),
        sized ? sizeGib : null,
        type == null ? null : new VolumeOffer(type, hasIops ? iops : null),
        results.getBoolean("delete_on_vm_deletion"));
  }

  private static Image read(ResultSet results) throws SQLException {
    return new Image(
        results.getString("id"),
        results.getLong("number"),
        results.getString("account_id"),
        results.getString("name"),
        results.getString("description"),
        results.getString("architecture"),
        results.getString("root_device_name"),
        words(results.getString("product_codes")),
        words(results.getString("boot_modes")),
        results.getBoolean("tpm_mandatory"),
        List.of(),
        Map.of(),
        Instant.ofEpochMilli(results.getLong("created_at_millis")));
  }

  private static List<String> words(String text) {
    return text.isEmpty() ? List.of() : List.of(text.split(","));
  }
}
