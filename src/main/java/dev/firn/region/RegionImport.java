package dev.firn.region;

import dev.firn.map.VolumeMap;
import dev.firn.snapshot.MapPool;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotMetadata;
import dev.firn.snapshot.SnapshotState;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.VolumeFileSystem;
import dev.firn.vfs.VolumeKind;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;

/**
 * An import into a block map of its own. A crash at any point before the snapshot's row is there
 * leaves the import's row, by which the next start removes the map; unless something was kept.
 */
final class RegionImport implements SnapshotImport {
  private final Imports imports;
  private final String accountId;
  private final Snapshot filled;
  private final ImportRequest request;
  private final long volumeNumber;
  private final MapPool.Use use;
  private final VolumeFileSystem target;

  /** Null: it cannot be gone on with. */
  private final String identity;

  private KeptImports.Kept kept;
  private long sizeBytes;
  private boolean published;
  private boolean closed;

  private RegionImport(
      Imports imports,
      String accountId,
      Snapshot filled,
      ImportRequest request,
      MapPool.Use use,
      VolumeFileSystem target,
      String identity,
      KeptImports.Kept kept) {
    this.imports = imports;
    this.accountId = accountId;
    this.filled = filled;
    this.request = request;
    this.volumeNumber = use.map().number();
    this.use = use;
    this.target = target;
    this.identity = identity;
    this.kept = kept;
    this.sizeBytes = request.volumeSizeBytes();
  }

  /**
   * A new one, to which the map belongs from now on.
   *
   * @param identity of what is imported, if it may be kept; else null
   */
  RegionImport(
      Imports imports,
      Imports.Recipient recipient,
      ImportRequest request,
      MapPool.Use use,
      VolumeFileSystem target,
      String identity) {
    this(imports, recipient.accountId(), recipient.filled(), request, use, target, identity, null);
  }

  /** One that goes on from what it kept last. */
  RegionImport(
      Imports imports,
      ImportRequest request,
      MapPool.Use use,
      VolumeFileSystem target,
      KeptImports.Kept kept) {
    this(imports, kept.accountId(), null, request, use, target, kept.identity(), kept);
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
    imports.keptImports().write(volumeNumber, now);
    use.map().freezeAs(now.rootNumber(), now.rootMetadata());
    if (before != null) {
      use.map().dropFrozen(before.rootNumber());
    }
    use.map().commit();
    kept = now;
    if (before != null) {
      imports.keptImports().remove(volumeNumber, before.sequence());
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
        filled == null
            ? imports.rows().newIdentity()
            : new ImportRows.Identity(filled.id(), filled.number());
    Instant createdAt =
        request.createdAt() == null ? imports.clock().instant() : request.createdAt();
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
    if (kept != null) {
      // Or a name that was taken meanwhile would cost all that was kept.
      imports.rows().requireRoom(accountId, row.name(), row.tags().size());
    }
    target.close();
    if (kept != null) {
      use.map().dropFrozen(kept.rootNumber());
    }
    use.map().freezeAs(row.number(), SnapshotMetadata.encode(row));
    use.map().commit();
    // Nothing could go on from here: it is published, or all of it goes.
    kept = null;
    if (filled == null) {
      imports.rows().publish(row);
    } else {
      imports.rows().fill(row);
    }
    published = true;
    imports.keptImports().removeAll(volumeNumber);
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
    try {
      if (published) {
        use.close();
      } else if (kept != null) {
        // What came behind it must not get into the map any more, which others may keep open.
        use.map().setSealHook(editor -> {});
        use.close();
      } else {
        imports.discard(volumeNumber, use);
      }
    } finally {
      // Not before: until then nobody may go on with it, or discard it.
      imports.ended(this);
    }
  }
}
