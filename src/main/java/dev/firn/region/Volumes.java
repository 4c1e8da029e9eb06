package dev.firn.region;

import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import dev.firn.map.FrozenMap;
import dev.firn.map.MapStore;
import dev.firn.map.VolumeMap;
import dev.firn.snapshot.ClientToken;
import dev.firn.snapshot.MapPool;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotLease;
import dev.firn.snapshot.SnapshotManager;
import dev.firn.snapshot.SnapshotView;
import dev.firn.vfs.Disk;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.SetAttributes;
import dev.firn.vfs.VolumeFileSystem;
import dev.firn.vfs.VolumeKind;
import java.io.Closeable;
import java.io.IOException;
import java.time.Clock;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes, opens, changes and deletes volumes; who may do that was decided before. Safe for
 * concurrent use.
 *
 * <p>Invariants, which hold at every instant and so after every crash:
 *
 * <ul>
 *   <li>A block map has a row: the row (state creating) is there before the map, and goes after it.
 *   <li>A row in state available has a whole map.
 *   <li>While a volume is open, or being deleted or rolled back, it is claimed; at most one of
 *       these at a time.
 *   <li>A map says of itself what the row of an available volume says, or said before a change that
 *       a crash cut short: the catalog can be made anew from that.
 * </ul>
 *
 * So what a crash leaves are rows in state creating or deleting, which {@link #recover} settles.
 */
final class Volumes {
  private static final Logger LOG = LoggerFactory.getLogger(Volumes.class);

  private final VolumeRows rows;
  private final MountRows mounts;
  private final References references;
  private final SnapshotManager snapshots;
  private final MapPool maps;
  private final List<String> subregions;

  /** New volumes belong to the home's owner, who could not write to them otherwise. */
  private final SetAttributes rootOwner;

  private final Clock clock;

  /** Why each claimed volume is, by number. Guarded by itself. */
  private final Map<Long, Claim> claims = new HashMap<>();

  /** How many read each volume's head beside its claim. Guarded by {@link #claims}. */
  private final Map<Long, Integer> readers = new HashMap<>();

  Volumes(
      VolumeRows rows,
      MountRows mounts,
      References references,
      SnapshotManager snapshots,
      MapPool maps,
      List<String> subregions,
      SetAttributes rootOwner,
      Clock clock) {
    this.rows = rows;
    this.mounts = mounts;
    this.references = references;
    this.snapshots = snapshots;
    this.maps = maps;
    this.subregions = subregions;
    this.rootOwner = rootOwner;
    this.clock = clock;
  }

  /** The use of a volume that excludes others. */
  private static final class Claim {
    private final String reason;
    private VolumeFileSystem files;
    private SnapshotView view;

    private Claim(String reason) {
      this.reason = reason;
    }
  }

  /** Removes what was being made or deleted when the last process died. */
  void recover() throws IOException {
    for (Volume row : rows.all()) {
      try {
        if (row.state() == VolumeState.CREATING) {
          maps.delete(row.number());
          rows.removeUnmade(row);
        } else if (row.state() == VolumeState.DELETING) {
          finishDeletion(row);
        }
      } catch (IOException | FirnException e) {
        LOG.warn("Volume {} stays in state {}", row.id(), row.state().text(), e);
      }
    }
    rows.undescribed()
        .forEach(
            (id, changes) -> {
              Volume row = references.findVolume(id);
              if (row == null) {
                rows.described(id, changes);
              } else if (row.state() == VolumeState.AVAILABLE) {
                describe(row);
              }
            });
  }

  List<Volume> all() {
    return rows.all().stream()
        .filter(row -> row.state() != VolumeState.CREATING)
        .map(this::shown)
        .toList();
  }

  List<Volume> of(String accountId) {
    return rows.of(accountId).stream()
        .filter(row -> row.state() != VolumeState.CREATING)
        .map(this::shown)
        .toList();
  }

  /** A row as users see it: in use while it is open. */
  Volume shown(Volume row) {
    synchronized (claims) {
      Claim claim = claims.get(row.number());
      boolean open = claim != null && claim.view != null;
      return open && row.state() == VolumeState.AVAILABLE ? row.withState(VolumeState.IN_USE) : row;
    }
  }

  /**
   * Makes a volume of an account's; without a name it is called as its id is.
   *
   * @param token kept with its row; null: none
   */
  Volume create(
      String accountId,
      VolumeRequest request,
      Snapshot source,
      VolumeOffer offer,
      ClientToken token)
      throws IOException {
    if (request.name() != null) {
      Checks.name("volume", request.name());
    }
    String compression = Checks.compression(request.compression());
    String subregion = Checks.subregion(request.subregion(), subregions);
    VolumeKind kind =
        Checks.kind(request.kind(), source == null ? VolumeKind.FILESYSTEM : source.kind());
    if (request.sizeBytes() != null) {
      Checks.volumeSize(kind, request.sizeBytes());
    }
    if (source == null) {
      if (request.sizeBytes() == null) {
        throw FirnException.usage(
            "a volume needs a size, like --size 4G, or a snapshot to begin as");
      }
      Volume wanted =
          wanted(
              accountId, request.name(), kind, request.sizeBytes(), compression, subregion, null);
      return create(rows.insert(wanted, offer, token), null);
    }
    if (kind != source.kind()) {
      throw FirnException.usage(
          "the volume cannot be of kind '%s': snapshot '%s' is of kind '%s'",
          kind.text(), source.nameOrId(), source.kind().text());
    }
    long sizeBytes = request.sizeBytes() == null ? source.sizeBytes() : request.sizeBytes();
    if (sizeBytes < source.sizeBytes()) {
      throw FirnException.usage(
          "the volume would be smaller than snapshot '%s': give a size of at least %s",
          source.nameOrId(), exact(source.sizeBytes()));
    }
    Volume wanted =
        wanted(accountId, request.name(), kind, sizeBytes, compression, subregion, source.id());
    try (SnapshotLease lease = snapshots.lease(source.number(), "a new volume")) {
      return create(rows.insert(wanted, offer, token), lease);
    }
  }

  private static Volume wanted(
      String accountId,
      String name,
      VolumeKind kind,
      long sizeBytes,
      String compression,
      String subregion,
      String sourceSnapshotId) {
    return new Volume(
        null,
        0,
        name,
        kind,
        sizeBytes,
        VolumeState.CREATING,
        compression,
        subregion,
        sourceSnapshotId,
        null,
        accountId,
        Map.of());
  }

  /** Grows a volume; its file system, if open, knows when this returns. */
  Volume resize(String reference, long sizeBytes) throws IOException {
    Volume row = resizeRow(reference, sizeBytes);
    if (row != null) {
      growDisk(row);
    }
    return described(reference);
  }

  /** Answers the new row of a volume whose disk has still to grow, or null. */
  private Volume resizeRow(String reference, long sizeBytes) throws IOException {
    synchronized (claims) {
      Volume row = available(reference);
      Checks.volumeSize(row.kind(), sizeBytes);
      if (sizeBytes < row.sizeBytes()) {
        throw FirnException.conflict(
            "volume '%s' has %s and cannot shrink: make a smaller volume and copy %s",
            row.name(),
            exact(row.sizeBytes()),
            row.kind() == VolumeKind.BLOCK ? "what is in it" : "the files");
      }
      rows.setSize(row, sizeBytes);
      Claim claim = claims.get(row.number());
      if (claim != null && claim.files != null) {
        claim.files.resize(sizeBytes);
      }
      // A volume that is claimed otherwise is opened later, and grows then.
      return claim == null && row.kind() == VolumeKind.BLOCK ? rows.find(row.number()) : null;
    }
  }

  /**
   * Makes the disk in a volume's map as long as its row says. That happens at each opening, too, if
   * a crash comes before it; but its snapshots should have it as soon as it was said.
   */
  private void growDisk(Volume row) throws IOException {
    Claim claim = claim(row, "being resized");
    try (MapPool.Use use = maps.open(row.number())) {
      VolumeFileSystem.open(use.map(), row.sizeBytes(), clock).close();
    } finally {
      release(row, claim);
    }
  }

  Volume rename(String reference, String name) throws IOException {
    Checks.name("volume", name);
    Volume row = available(reference);
    rows.rename(row, name);
    return described(row.id());
  }

  /** A volume as users see it, after its map was told what its row says. */
  private Volume described(String reference) throws IOException {
    Volume row = references.volume(reference);
    describe(row);
    return shown(row);
  }

  /** Tells a volume's map what its row says now. */
  void describe(Volume volume) {
    Long changes = rows.undescribed().get(volume.id());
    Volume row = rows.find(volume.number());
    if (row == null) {
      return;
    }
    try {
      boolean told = maps.with(row.number(), map -> describe(map, row));
      if (told && changes != null) {
        rows.described(row.id(), changes);
      }
    } catch (IOException e) {
      LOG.warn("Volume {} is changed, but its map cannot be opened to say so", row.id(), e);
    }
  }

  /**
   * Tells a map what the row says. What that is good for is a catalog that is lost: on a disk that
   * is full, or fails, everything else goes on without, and it is told when it is opened again, or
   * at the next start. Answers whether it was.
   */
  private static boolean describe(VolumeMap map, Volume row) {
    byte[] metadata = VolumeMetadata.encode(row);
    if (Arrays.equals(map.metadata(), metadata)) {
      return true;
    }
    try {
      map.setMetadata(metadata);
      return true;
    } catch (IOException e) {
      LOG.warn(
          "Volume {} does not say in the store what it is until it is opened again: {}",
          row.id(),
          e.getMessage());
      return false;
    }
  }

  void delete(String reference) throws IOException {
    Volume row = references.volume(reference);
    for (MountRecord mount : mounts.all()) {
      if (mount.targetId().equals(row.id())) {
        throw FirnException.conflict(
            "volume '%s' is mounted at %s: unmount it first ('firn umount %s')",
            row.name(), mount.directory(), mount.directory());
      }
    }
    Claim claim = claim(row, "being deleted");
    try {
      synchronized (claims) {
        if (readers.containsKey(row.number())) {
          throw FirnException.conflict(
              "volume '%s' is being compared or verified: wait for that to end", row.name());
        }
      }
      rows.setState(row.number(), VolumeState.DELETING);
      finishDeletion(row);
    } finally {
      release(row, claim);
    }
  }

  Snapshot rollback(String reference, RollbackAction action) throws IOException {
    Volume row = available(reference);
    Claim claim = claim(row, "being rolled back");
    try {
      return action.run(row);
    } finally {
      release(row, claim);
    }
  }

  /** What happens to a claimed volume. */
  @FunctionalInterface
  interface RollbackAction {
    Snapshot run(Volume volume) throws IOException;
  }

  SnapshotView open(String reference, boolean showSnapshots) throws IOException {
    Volume row = available(reference);
    Claim claim = claim(row, "in use");
    MapPool.Use use = null;
    SnapshotView view = null;
    try {
      use = maps.open(row.number());
      if (use.map().failure() != null) {
        // Only opening it anew helps, and somebody still reads from it as it was.
        throw FirnException.conflict(
            "writing to volume '%s' has failed, and its snapshots are still being read: unmount"
                + " those, too, or restart the daemon ('firn daemon stop'; mounts come back)",
            row.name());
      }
      // A crash may have come between the row and this, or an older Firn did not do it.
      describe(use.map(), row);
      VolumeFileSystem files = VolumeFileSystem.open(use.map(), row.sizeBytes(), clock);
      view =
          new SnapshotView(
              files,
              snapshots,
              row.number(),
              row.id(),
              showSnapshots,
              new Closing(use, () -> release(row, claim)));
      synchronized (claims) {
        long sizeBytes = rows.find(row.number()).sizeBytes();
        if (sizeBytes != row.sizeBytes()) {
          files.resize(sizeBytes);
        }
        claim.files = files;
        claim.view = view;
      }
      return view;
    } finally {
      if (claim.view == null) {
        if (view != null) {
          view.close();
        } else if (use != null) {
          use.close();
        }
        release(row, claim);
      }
    }
  }

  /** Lets nobody delete a volume's map until it is run. */
  Runnable holdForReading(long volumeNumber) {
    synchronized (claims) {
      readers.merge(volumeNumber, 1, Integer::sum);
    }
    return () -> readerLeft(volumeNumber);
  }

  /** The head of a volume as it is now, readable until closed. */
  FrozenHead freeze(Volume row) throws IOException {
    MapPool.Use use = null;
    FrozenHead head = null;
    Runnable left = holdForReading(row.number());
    try {
      use = maps.open(row.number());
      head = new FrozenHead(snapshots.freezeHead(use), new Closing(use, left));
      return head;
    } finally {
      if (head == null) {
        if (use != null) {
          use.close();
        }
        left.run();
      }
    }
  }

  /** A moment of a volume. */
  record FrozenHead(FrozenMap map, Closeable held) implements Closeable {
    @Override
    public void close() throws IOException {
      map.close();
      held.close();
    }
  }

  /** What to do at the end of a use of a map, even when closing fails. */
  private record Closing(MapPool.Use use, Runnable last) implements Closeable {
    @Override
    public void close() throws IOException {
      try {
        use.close();
      } finally {
        last.run();
      }
    }
  }

  /** Closes what is open, going on when one fails. */
  void closeAll() throws IOException {
    List<SnapshotView> views;
    synchronized (claims) {
      views =
          claims.values().stream().map(claim -> claim.view).filter(view -> view != null).toList();
    }
    IOException failure = null;
    for (SnapshotView view : views) {
      try {
        view.close();
      } catch (IOException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private Volume create(Volume row, SnapshotLease source) throws IOException {
    MapStore.VolumeOptions options = new MapStore.VolumeOptions(row.subregion(), row.compression());
    boolean made = false;
    try {
      try (MapPool.Use use =
          source == null
              ? maps.create(row.number(), options)
              : maps.createFrom(row.number(), options, source.map())) {
        if (source == null) {
          format(use.map(), row);
        } else if (row.kind() == VolumeKind.BLOCK) {
          // Opened once, the disk is as large as the volume.
          VolumeFileSystem.open(use.map(), row.sizeBytes(), clock).close();
        }
        use.map().setMetadata(VolumeMetadata.encode(row));
      }
      rows.setState(row.number(), VolumeState.AVAILABLE);
      made = true;
      return rows.find(row.number());
    } finally {
      if (!made) {
        maps.delete(row.number());
        rows.removeUnmade(row);
      }
    }
  }

  private void format(VolumeMap map, Volume row) throws IOException {
    boolean block = row.kind() == VolumeKind.BLOCK;
    try (FileSystem files =
        block
            ? VolumeFileSystem.createDisk(map, row.sizeBytes(), clock)
            : VolumeFileSystem.create(map, row.sizeBytes(), clock)) {
      files.setAttributes(FileSystem.ROOT_INODE, rootOwner);
      if (block) {
        long disk = files.lookup(FileSystem.ROOT_INODE, Disk.name()).inode();
        files.setAttributes(disk, rootOwner);
      }
    }
  }

  private void finishDeletion(Volume row) throws IOException {
    snapshots.awaitRequests(row.number());
    snapshots.retireHead(row.number(), VolumeMetadata.NO_VOLUME, () -> rows.remove(row.number()));
  }

  private Volume available(String reference) {
    Volume row = references.volume(reference);
    if (row.state() != VolumeState.AVAILABLE) {
      throw FirnException.conflict("volume '%s' is being deleted", row.name());
    }
    return row;
  }

  private Claim claim(Volume row, String reason) {
    synchronized (claims) {
      Claim other = claims.get(row.number());
      if (other != null) {
        throw FirnException.conflict(
            other.view != null
                ? "volume '%s' is %s: unmount it first"
                : "volume '%s' is %s: wait for that to end",
            row.name(),
            other.reason);
      }
      Claim claim = new Claim(reason);
      claims.put(row.number(), claim);
      return claim;
    }
  }

  private void readerLeft(long volumeNumber) {
    synchronized (claims) {
      readers.computeIfPresent(volumeNumber, (number, count) -> count == 1 ? null : count - 1);
    }
  }

  private void release(Volume row, Claim claim) {
    synchronized (claims) {
      claims.remove(row.number(), claim);
    }
  }

  /** A size that can be typed back. */
  private static String exact(long sizeBytes) {
    if (sizeBytes % Sizes.GIB == 0) {
      return sizeBytes / Sizes.GIB + "G";
    }
    return sizeBytes % Sizes.MIB == 0 ? sizeBytes / Sizes.MIB + "M" : Long.toString(sizeBytes);
  }
}
