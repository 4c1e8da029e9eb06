package dev.firn.region;

import dev.firn.base.FirnException;
import dev.firn.map.FrozenMap;
import dev.firn.map.MapStore;
import dev.firn.map.VolumeMap;
import dev.firn.snapshot.MapPool;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotLease;
import dev.firn.snapshot.SnapshotManager;
import dev.firn.snapshot.SnapshotNames;
import dev.firn.vfs.Disk;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.VolumeFileSystem;
import java.io.IOException;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The imports into a home: those that run, and what is kept of those that were interrupted. Safe
 * for concurrent use.
 */
final class Imports {
  /**
   * On whose behalf something is imported.
   *
   * @param references what that account finds
   * @param filled the snapshot that waits for the content; null: it becomes a new one
   */
  record Recipient(References references, Snapshot filled) {
    String accountId() {
      return references.accountId();
    }
  }

  private final Home home;
  private final ImportRows rows;
  private final MapPool maps;
  private final SnapshotManager snapshots;
  private final List<String> subregions;
  private final CatalogCopy copy;
  private final Clock clock;
  private final KeptImports keptImports;

  /** Its monitor is held by whoever looks for what an interrupted one has kept. */
  private final Set<RegionImport> running = ConcurrentHashMap.newKeySet();

  Imports(
      Home home,
      ImportRows rows,
      MapPool maps,
      SnapshotManager snapshots,
      List<String> subregions,
      CatalogCopy copy,
      Clock clock) {
    this.home = home;
    this.rows = rows;
    this.maps = maps;
    this.snapshots = snapshots;
    this.subregions = subregions;
    this.copy = copy;
    this.clock = clock;
    this.keptImports = new KeptImports(home.directory());
  }

  ImportRows rows() {
    return rows;
  }

  KeptImports keptImports() {
    return keptImports;
  }

  Clock clock() {
    return clock;
  }

  /** Those that have not ended. */
  Collection<RegionImport> running() {
    return running;
  }

  /** As {@link Region#beginImport(ImportRequest, String)}. */
  SnapshotImport begin(Recipient recipient, ImportRequest request, String base) throws IOException {
    check(request);
    return begin(recipient, request, base, null);
  }

  /**
   * @param base the id of what is changed; null: it starts empty
   * @param identity of what is imported, if it may be kept; else null
   */
  private SnapshotImport begin(
      Recipient recipient, ImportRequest request, String base, String identity) throws IOException {
    if (base == null) {
      return begin(recipient, request, null, map -> newFiles(map, request), identity);
    }
    try (SnapshotLease lease =
        snapshots.lease(recipient.references().snapshot(base).number(), "the base of an import")) {
      return begin(recipient, request, lease.map(), map -> files(map, request), identity);
    }
  }

  private VolumeFileSystem newFiles(VolumeMap map, ImportRequest request) throws IOException {
    return VolumeFileSystem.create(map, request.roomBytes(), clock);
  }

  private VolumeFileSystem files(VolumeMap map, ImportRequest request) throws IOException {
    return VolumeFileSystem.openFiles(map, request.roomBytes(), clock);
  }

  /** As {@link Region#beginKeptImport}. */
  SnapshotImport beginKept(Recipient recipient, ImportRequest request, String base, String identity)
      throws IOException {
    check(request);
    synchronized (running) {
      for (long volumeNumber : rows.all()) {
        KeptImports.Kept found = keptImports.newest(volumeNumber);
        if (found == null
            || !found.identity().equals(identity)
            || !found.accountId().equals(recipient.accountId())) {
          continue;
        }
        if (isRunning(volumeNumber)) {
          throw FirnException.conflict("the same is being imported already; wait for it");
        }
        SnapshotImport gone = goOn(recipient.accountId(), volumeNumber, request);
        if (gone != null) {
          return gone;
        }
      }
      return begin(recipient, request, base, identity);
    }
  }

  private boolean isRunning(long volumeNumber) {
    return running.stream().anyMatch(each -> each.volumeNumber() == volumeNumber);
  }

  /** Null, and nothing of it is left, if a crash came before anything was really kept. */
  private SnapshotImport goOn(String accountId, long volumeNumber, ImportRequest request)
      throws IOException {
    rows.requireRoom(accountId, request.name(), request.tags().size());
    MapPool.Use use = maps.open(volumeNumber);
    RegionImport begun = null;
    boolean useless = false;
    try {
      KeptImports.Kept kept = RegionImport.newestKept(use.map(), keptImports);
      useless = kept == null;
      if (!useless) {
        use.map().resetTo(kept.rootNumber());
        use.map().commit();
        begun = new RegionImport(this, request, use, files(use.map(), request), kept);
        running.add(begun);
      }
    } finally {
      if (begun == null) {
        use.close();
      }
    }
    if (useless) {
      discard(volumeNumber, null);
    }
    return begun;
  }

  /** As {@link Region#discardKeptImports}. */
  int discardKept(String accountId) throws IOException {
    int discarded = 0;
    synchronized (running) {
      for (long volumeNumber : rows.all()) {
        KeptImports.Kept found = keptImports.newest(volumeNumber);
        if (found != null && found.accountId().equals(accountId) && !isRunning(volumeNumber)) {
          discard(volumeNumber, null);
          discarded++;
        }
      }
    }
    return discarded;
  }

  /** Removes what a crash has left of imports of which nothing was kept. */
  void recover() throws IOException {
    for (long volumeNumber : rows.all()) {
      if (keptImports.newest(volumeNumber) == null) {
        discard(volumeNumber, null);
      }
    }
    keptImports.retain(rows.all());
  }

  /** As {@link Region#beginDisk}. */
  SnapshotImport beginDisk(Recipient recipient, ImportRequest request, String parentSnapshot)
      throws IOException {
    check(request);
    DiskBlocks.requireDisk(request.kind(), "what is imported");
    if (parentSnapshot == null) {
      return begin(recipient, request, null, map -> newDisk(map, request.volumeSizeBytes()), null);
    }
    Snapshot parent = recipient.references().snapshot(parentSnapshot);
    DiskBlocks.requireDisk(parent.kind(), parent.described());
    if (request.volumeSizeBytes() < parent.sizeBytes()) {
      throw FirnException.usage(
          "a disk of %d bytes is smaller than %s, which has %d",
          request.volumeSizeBytes(), parent.described(), parent.sizeBytes());
    }
    try (SnapshotLease lease = snapshots.lease(parent.number(), "an import")) {
      return begin(
          recipient,
          request,
          lease.map(),
          map -> VolumeFileSystem.open(map, request.volumeSizeBytes(), clock),
          null);
    }
  }

  private VolumeFileSystem newDisk(VolumeMap map, long sizeBytes) throws IOException {
    VolumeFileSystem files = VolumeFileSystem.createDisk(map, sizeBytes, clock);
    files.setAttributes(FileSystem.ROOT_INODE, home.owner());
    files.setAttributes(files.lookup(FileSystem.ROOT_INODE, Disk.name()).inode(), home.owner());
    return files;
  }

  private static void check(ImportRequest request) {
    if (request.name() != null) {
      SnapshotNames.check(request.name());
    }
    if (request.sourceVolumeName() != null) {
      Checks.name("source volume", request.sourceVolumeName());
    }
    Checks.volumeSize(request.kind(), request.volumeSizeBytes());
    Checks.description(request.description() == null ? "" : request.description());
    Checks.tags(request.tags());
  }

  /** Makes or opens the file system that an import fills. */
  @FunctionalInterface
  private interface Opener {
    VolumeFileSystem open(VolumeMap map) throws IOException;
  }

  /**
   * @param source what the map begins with; null: it is empty
   * @param identity of what is imported, if it may be kept; else null
   */
  private SnapshotImport begin(
      Recipient recipient, ImportRequest request, FrozenMap source, Opener opener, String identity)
      throws IOException {
    MapStore.VolumeOptions options =
        new MapStore.VolumeOptions(Checks.subregion(null, subregions), Checks.compression(null));
    long volumeNumber =
        rows.insert(recipient.accountId(), request.name(), recipient.filled() != null);
    MapPool.Use use = null;
    RegionImport begun = null;
    try {
      use =
          source == null
              ? maps.create(volumeNumber, options)
              : maps.createFrom(volumeNumber, options, source);
      use.map().setMetadata(VolumeMetadata.NO_VOLUME);
      begun = new RegionImport(this, recipient, request, use, opener.open(use.map()), identity);
      running.add(begun);
      return begun;
    } finally {
      if (begun == null) {
        discard(volumeNumber, use);
      }
    }
  }

  /** An import is over: it was published, or given up. */
  void ended(RegionImport which) {
    running.remove(which);
    copy.update();
  }

  /**
   * Removes all that there is of an import. Where its map cannot be removed, its row stays without
   * what was kept, and the next start removes both.
   *
   * @param use null if its map is not open
   */
  void discard(long volumeNumber, MapPool.Use use) throws IOException {
    try {
      if (use != null) {
        use.discard();
      } else {
        maps.delete(volumeNumber);
      }
      rows.remove(volumeNumber);
    } finally {
      keptImports.removeAll(volumeNumber);
    }
  }
}
