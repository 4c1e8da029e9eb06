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
 * leaves the import's row, by which the next start removes the map.
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
   */
  RegionImport(
      ImportRows rows,
      MapPool maps,
      MapStore.VolumeOptions options,
      FrozenMap source,
      Opener opener,
      String accountId,
      Snapshot filled,
      ImportRequest request,
      Clock clock,
      Listener listener)
      throws IOException {
    this.rows = rows;
    this.maps = maps;
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
    use.map().freezeAs(row.number(), SnapshotMetadata.encode(row));
    use.map().commit();
    if (filled == null) {
      rows.publish(row);
    } else {
      rows.fill(row);
    }
    published = true;
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
    if (published) {
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
    }
  }
}
