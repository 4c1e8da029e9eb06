package dev.firn.region;

import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotNames;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The machine images that an account sees. Safe for concurrent use. */
public final class Images {
  private final Region region;
  private final ImageRows rows;
  private final PermissionRows permissions;
  private final CatalogCopy copy;

  Images(Region region, ImageRows rows, PermissionRows permissions, CatalogCopy copy) {
    this.region = region;
    this.rows = rows;
    this.permissions = permissions;
    this.copy = copy;
  }

  /**
   * Makes an image of the account's. Of snapshots of others, which are shared with it, it gets
   * copies, so that it keeps nobody from deleting them. Id, number, account, tags and time of
   * {@code wanted} do not matter.
   */
  public Image create(Image wanted) throws IOException {
    check(wanted);
    return insert(wanted);
  }

  /** Fails if such an image cannot be made; a name that is taken is found when it is made. */
  public void check(Image wanted) {
    Set<String> devices = new HashSet<>();
    for (Image.Mapping mapping : wanted.mappings()) {
      if (!devices.add(mapping.deviceName())) {
        throw FirnException.usage("device '%s' is mapped twice", mapping.deviceName())
            .because("invalid-bdm");
      }
      if (mapping.snapshotId() != null) {
        Snapshot snapshot = region.snapshot(mapping.snapshotId());
        if (mapping.sizeGib() != null && mapping.sizeGib() * Sizes.GIB < snapshot.sizeBytes()) {
          throw FirnException.usage(
                  "device '%s' would be smaller than snapshot %s",
                  mapping.deviceName(), snapshot.id())
              .because("invalid-volume-size");
        }
      }
    }
    Image.Mapping root =
        wanted.mappings().stream()
            .filter(each -> each.deviceName().equals(wanted.rootDeviceName()))
            .findFirst()
            .orElse(null);
    if (root == null || root.snapshotId() == null) {
      throw FirnException.usage(
              "the root device '%s' needs a mapping with a snapshot",
              SnapshotNames.printable(wanted.rootDeviceName()))
          .because("invalid-root-mapping");
    }
  }

  /**
   * Copies an image that the account may see, with its snapshots: the copy is its own, and shared
   * with nobody.
   */
  public Image copy(String imageId, String name, String description) throws IOException {
    Image source = image(imageId);
    return insert(
        new Image(
            null,
            0,
            null,
            name == null ? source.name() : name,
            description == null ? source.description() : description,
            source.architecture(),
            source.rootDeviceName(),
            source.productCodes(),
            source.bootModes(),
            source.tpmMandatory(),
            source.mappings(),
            Map.of(),
            null));
  }

  /**
   * Makes an image whose disks are not here yet: each gets a snapshot of the account's that waits
   * for its content, and until all have it the image is pending. Either all of it is made or
   * nothing.
   *
   * @param sources where the disks are, by the devices of the mappings
   */
  public Image createFrom(Image wanted, Map<String, Image.Source> sources) throws IOException {
    Map<String, String> sealed = new HashMap<>();
    for (Map.Entry<String, Image.Source> each : sources.entrySet()) {
      sealed.put(each.getKey(), region.remoteImports().seal(each.getValue().location()));
    }
    Image made = rows.insertFrom(owned(wanted, wanted.mappings()), sources, sealed);
    copy.update();
    return made;
  }

  /** Whether an image can be used yet. */
  public enum State {
    /** Some of its snapshots wait for their content. */
    PENDING("pending"),
    AVAILABLE("available"),
    /** Some of its snapshots have failed. */
    FAILED("failed");

    private final String text;

    State(String text) {
      this.text = text;
    }

    /** The word that users and scripts see. */
    public String text() {
      return text;
    }
  }

  /** The states of all images that are not available, by their ids. */
  public Map<String, State> unavailable() {
    return rows.unavailable();
  }

  /** Those of the account and those shared with it, oldest first. */
  public List<Image> all() {
    return rows.visible(region.accountId());
  }

  /** An image that the account may see; else NOT_FOUND. */
  public Image image(String id) {
    Image found = rows.find(id);
    boolean visible =
        found != null
            && (found.accountId().equals(region.accountId())
                || permissions.of(id).allow(region.accountId()));
    if (!visible) {
      throw FirnException.notFound("image '%s' does not exist", SnapshotNames.printable(id))
          .because("no-such-image");
    }
    return found;
  }

  /** An image of the account's own; NOT_PERMITTED if it is only shared with it. */
  public Image own(String id) {
    Image found = image(id);
    if (!found.accountId().equals(region.accountId())) {
      throw FirnException.notPermitted(
          "image %s belongs to account %s, and is shared with this one to be used, not to be"
              + " changed or deleted",
          id, found.accountId());
    }
    return found;
  }

  /**
   * Changes what may be changed.
   *
   * @param description null: as it is
   * @param productCodes null: as they are
   */
  public void update(String id, String description, List<String> productCodes) {
    Image image = own(id);
    rows.update(
        id,
        description == null ? image.description() : description,
        productCodes == null ? image.productCodes() : productCodes);
    copy.update();
  }

  public void share(String id, Permissions added) {
    String own = own(id).id();
    added.accountIds().forEach(region.accounts()::account);
    permissions.add(own, added);
    copy.update();
  }

  public void unshare(String id, Permissions removed) {
    permissions.remove(own(id).id(), removed);
    copy.update();
  }

  /** Deletes an image; its snapshots stay, and may go from then on. */
  public void delete(String id) {
    rows.remove(own(id).id());
    copy.update();
  }

  private Image insert(Image image) throws IOException {
    List<String> copies = new ArrayList<>();
    List<Image.Mapping> mappings = new ArrayList<>();
    boolean done = false;
    try {
      for (Image.Mapping mapping : image.mappings()) {
        String snapshot =
            mapping.snapshotId() == null ? null : region.forImage(mapping.snapshotId());
        if (snapshot != null && !snapshot.equals(mapping.snapshotId())) {
          copies.add(snapshot);
        }
        mappings.add(
            new Image.Mapping(
                mapping.deviceName(),
                mapping.virtualDeviceName(),
                snapshot,
                mapping.sizeGib(),
                mapping.offer(),
                mapping.deleteOnVmDeletion()));
      }
      Image made = rows.insert(owned(image, mappings));
      done = true;
      copy.update();
      return made;
    } finally {
      if (!done && !copies.isEmpty()) {
        region.deleteSnapshots(copies);
      }
    }
  }

  private Image owned(Image image, List<Image.Mapping> mappings) {
    return new Image(
        null,
        0,
        region.accountId(),
        image.name(),
        image.description(),
        image.architecture(),
        image.rootDeviceName(),
        image.productCodes(),
        image.bootModes(),
        image.tpmMandatory(),
        mappings,
        Map.of(),
        null);
  }
}
