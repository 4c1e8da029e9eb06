package dev.firn.region;

import dev.firn.map.FrozenMap;
import dev.firn.map.MapStore;
import dev.firn.map.VolumeMap;
import dev.firn.snapshot.MapPool;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotMetadata;
import dev.firn.snapshot.SnapshotState;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.VolumeFileSystem;
import dev.firn.vfs.VolumeKind;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;

/**
 * An import into a block map of its own. A crash at any point before the snapshot's row is there
 * leaves the import's row, by which the next start removes the map; unless something was kept.
 */
final class RegionImport implements SnapshotImport {
  /** How a region is told that an import ended. */
  @FunctionalInterface
  interface Listener {
    void ended(RegionImport which);
  }

  private final ImportRows rows;
  private final MapPool maps;
  private final String accountId;
  private final Snapshot filled;
  private final ImportRequest request;
  private final Clock clock;
  private final Listener listener;
  private final long volumeNumber;
  private final MapPool.Use use;
  private final VolumeFileSystem target;
  private final KeptImports keptImports;

  /** Null: it cannot be gone on with. */
  private final String identity;

  private KeptImports.Kept kept;
  private long sizeBytes;
  private boolean published;
  private boolean closed;

  /** Makes or opens the file system that an import fills. */
  @FunctionalInterface
  interface Opener {
    VolumeFileSystem open(VolumeMap map) throws IOException;
  }

  /**
   * @param source what the map begins with; null: it is empty
   * @param filled the snapshot that waits for this content; null: it becomes a new one
   * @param identity of what is imported, if it may be kept; else null
   */
  RegionImport(
      ImportRows rows,
      MapPool maps,
      MapStore.VolumeOptions options,
      FrozenMap source,
      Opener opener,
      KeptImports keptImports,
      String identity,
      String accountId,
      Snapshot filled,
      ImportRequest request,
      Clock clock,
      Listener listener)
      throws IOException {
    this.rows = rows;
    this.maps = maps;
    this.keptImports = keptImports;
    this.identity = identity;
    this.accountId = accountId;
    this.filled = filled;
    this.request = request;
    this.clock = clock;
    this.listener = listener;
    this.sizeBytes = request.volumeSizeBytes();
    this.volumeNumber = rows.insert(accountId, request.name(), filled != null);
    MapPool.Use made = null;
    VolumeFileSystem formatted = null;
    try {
      made =
          source == null
              ? maps.create(volumeNumber, options)
              : maps.createFrom(volumeNumber, options, source);
      made.map().setMetadata(VolumeMetadata.NO_VOLUME);
      formatted = opener.open(made.map());
    } finally {
      if (formatted == null) {
        discard(made);
      }
    }
    this.use = made;
    this.target = formatted;
  }

  /** Goes on with an import, from what it kept last. */
  RegionImport(
      ImportRows rows,
      MapPool maps,
      long volumeNumber,
      MapPool.Use use,
      KeptImports keptImports,
      KeptImports.Kept kept,
      Opener opener,
      ImportRequest request,
      Clock clock,
      Listener listener)
      throws IOException {
    this.rows = rows;
    this.maps = maps;
    this.volumeNumber = volumeNumber;
    this.use = use;
    this.keptImports = keptImports;
    this.identity = kept.identity();
    this.kept = kept;
    this.accountId = kept.accountId();
    this.filled = null;
    this.request = request;
    this.clock = clock;
    this.listener = listener;
    this.sizeBytes = request.volumeSizeBytes();
    use.map().resetTo(kept.rootNumber());
    use.map().commit();
    this.target = opener.open(use.map());
  }

  /** What the newest root of an import's map goes with; null if nothing can be gone on with. */
  static KeptImports.Kept newestKept(VolumeMap map, KeptImports files) throws IOException {
    KeptImports.Kept newest = null;
    for (VolumeMap.FrozenRoot root : map.frozenRoots()) {
      if (KeptImports.isRoot(root.metadata())) {
        KeptImports.Kept found = files.read(map.number(), KeptImports.sequenceOf(root.number()));
        newest = found != null ? found : newest;
      }
    }
    return newest;
  }

  long volumeNumber() {
    return volumeNumber;
  }

  @Override
  public synchronized byte[] kept() {
    return kept == null ? null : kept.state();
  }

  @Override
  public synchronized void keep(byte[] state) throws IOException {
    if (identity == null || published || closed) {
      throw new IllegalStateException("nothing of the import can be kept");
    }
    KeptImports.Kept before = kept;
    KeptImports.Kept now =
        new KeptImports.Kept(
            before == null ? 1 : before.sequence() + 1, accountId, identity, state);
    keptImports.write(volumeNumber, now);
    use.map().freezeAs(now.rootNumber(), now.rootMetadata());
    if (before != null) {
      use.map().dropFrozen(before.rootNumber());
    }
    use.map().commit();
    kept = now;
    if (before != null) {
      keptImports.remove(volumeNumber, before.sequence());
    }
  }

  @Override
  public synchronized void drop() {
    kept = null;
  }

  @Override
  public FileSystem target() {
    return target;
  }

  @Override
  public synchronized void resize(long volumeSizeBytes) throws IOException {
    Checks.volumeSize(request.kind(), volumeSizeBytes);
    target.resize(request.roomBytes(volumeSizeBytes));
    sizeBytes = volumeSizeBytes;
  }

  @Override
  public synchronized Snapshot publish() throws IOException {
    if (published || closed) {
      throw new IllegalStateException("the import is over");
    }
    if (request.kind() == VolumeKind.BLOCK) {
      target.becomeDisk(sizeBytes);
    }
    ImportRows.Identity identity =
        filled == null ? rows.newIdentity() : new ImportRows.Identity(filled.id(), filled.number());
    Instant createdAt = request.createdAt() == null ? clock.instant() : request.createdAt();
    Snapshot row =
        new Snapshot(
            identity.id(),
            identity.number(),
            filled == null ? request.name() : filled.name(),
            volumeNumber,
            Snapshot.NO_VOLUME_ID,
            request.sourceVolumeName() == null ? "" : request.sourceVolumeName(),
            request.kind(),
            SnapshotState.COMPLETED,
            100,
            description(),
            sizeBytes,
            createdAt.truncatedTo(ChronoUnit.MILLIS),
            filled == null ? request.tags() : Map.of(),
            null,
            accountId,
            request.originId() == null ? identity.id() : request.originId());
    target.close();
    if (kept != null) {
      use.map().dropFrozen(kept.rootNumber());
    }
    use.map().freezeAs(row.number(), SnapshotMetadata.encode(row));
    use.map().commit();
    if (filled == null) {
      rows.publish(row);
    } else {
      rows.fill(row);
    }
    published = true;
    keptImports.removeAll(volumeNumber);
    return row;
  }

  private String description() {
    String text = filled == null ? request.description() : filled.description();
    return text == null ? "" : text;
  }

  @Override
  public synchronized void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    listener.ended(this);
    if (published || kept != null) {
      use.close();
    } else {
      discard(use);
    }
  }

  private void discard(MapPool.Use open) throws IOException {
    try {
      if (open != null) {
        open.discard();
      } else {
        maps.delete(volumeNumber);
      }
    } finally {
      rows.remove(volumeNumber);
      keptImports.removeAll(volumeNumber);
    }
  }
}
