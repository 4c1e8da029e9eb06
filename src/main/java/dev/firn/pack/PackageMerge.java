package dev.firn.pack;

import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import dev.firn.map.FrozenMap;
import dev.firn.map.MapStore;
import dev.firn.map.VolumeMap;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotState;
import dev.firn.vfs.FrozenFileSystem;
import dev.firn.vfs.VolumeFileSystem;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Makes one full package of a full one and those that change it, without a home: in a store of its
 * own beside the new file, which goes when it is done. What it writes are the bytes that a full
 * export of the last snapshot would have.
 */
public final class PackageMerge {
  private static final int BUFFER_BYTES = 1 << 18;
  private static final long VOLUME_NUMBER = 1;
  private static final String PLACEMENT = "merge";

  private PackageMerge() {}

  /**
   * Merges. Every package is verified; the new one is complete and on disk when this returns, and a
   * file of that name is untouched when it throws.
   *
   * @param packages the full one first, each other behind its base
   * @param trust whose packages are taken
   * @param signer null: the new package is not signed
   * @throws FirnException of kind CONFLICT if they do not follow one another; else as an import
   */
  public static void merge(
      Path target, List<Path> packages, Trust trust, Signer signer, ProgressListener listener)
      throws IOException {
    Path directory = target.toAbsolutePath().getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      throw FirnException.notFound(
          "cannot merge into '%s': there is no directory '%s'", target, directory);
    }
    Path scratch = Files.createTempDirectory(directory, ".firn-merge-");
    // An interrupted process ends through its hooks.
    Thread atExit = new Thread(() -> removeQuietly(scratch));
    Runtime.getRuntime().addShutdownHook(atExit);
    try (MapStore store = MapStore.open(scratch.resolve("store"), List.of(PLACEMENT));
        VolumeMap map = store.create(VOLUME_NUMBER, new MapStore.VolumeOptions(PLACEMENT, "lz4"))) {
      merge(map, target, packages, trust, signer, scratch, listener);
    } catch (IOException e) {
      throw FullDisk.explain(e, "the disk of '" + target + "'");
    } finally {
      removeQuietly(scratch);
      try {
        Runtime.getRuntime().removeShutdownHook(atExit);
      } catch (IllegalStateException shuttingDown) {
        // It runs already.
      }
    }
  }

  private static void merge(
      VolumeMap map,
      Path target,
      List<Path> packages,
      Trust trust,
      Signer signer,
      Path scratch,
      ProgressListener listener)
      throws IOException {
    Manifest last = null;
    VolumeFileSystem files =
        VolumeFileSystem.create(map, Sizes.VOLUME_BYTES_MAX, Clock.systemUTC());
    long packagesBytes = 0;
    for (Path file : packages) {
      packagesBytes += Files.size(file);
    }
    ReadProgress read = new ReadProgress(listener, packagesBytes);
    for (Path file : packages) {
      String source = "'" + file + "'";
      try (InputStream in =
          new BufferedInputStream(read.counted(Files.newInputStream(file)), BUFFER_BYTES)) {
        PackageReader reader =
            new PackageReader(in, source, trust, new Progress(read, Progress.UNKNOWN));
        requireNext(source, reader.manifest(), last);
        reader.restore(files, scratch, read);
        last = reader.manifest();
      }
    }
    files.close();
    Snapshot snapshot = snapshot(last);
    try (FrozenMap frozen = map.freeze();
        FrozenFileSystem merged = new FrozenFileSystem(frozen, snapshot.sizeBytes())) {
      Exporter.writeFile(
          ExportSource.full(snapshot, merged), PackageFormat.FIRN, signer, target, listener);
    }
  }

  /** That a package is full, or, behind another, changes that one. */
  static void requireNext(String source, Manifest next, Manifest last) {
    if (last == null) {
      if (next.base() != null) {
        throw FirnException.conflict(
            "%s is incremental and needs %s; begin with a full package",
            source, next.base().shown());
      }
      return;
    }
    if (next.base() == null) {
      throw FirnException.conflict("%s is a full package, and needs no other before it", source);
    }
    if (!next.base().isSnapshot(last)) {
      throw FirnException.conflict(
          "%s needs %s, which the package before it is not; give them in order",
          source, next.base().shown());
    }
  }

  private static Snapshot snapshot(Manifest manifest) {
    String volumeName = manifest.volume().name();
    return new Snapshot(
        manifest.snapshot().id(),
        1,
        manifest.snapshot().name(),
        VOLUME_NUMBER,
        Snapshot.NO_VOLUME_ID,
        volumeName == null ? "" : volumeName,
        manifest.volume().volumeKind(),
        SnapshotState.COMPLETED,
        100,
        manifest.snapshot().description(),
        manifest.volume().sizeBytes(),
        Instant.parse(manifest.snapshot().createdAt()),
        manifest.snapshot().tags(),
        null,
        Snapshot.OWNER_ACCOUNT_ID,
        manifest.snapshot().id());
  }

  private static void removeQuietly(Path directory) {
    try (Stream<Path> all = Files.walk(directory)) {
      all.sorted(Comparator.reverseOrder()).forEach(PackageMerge::removeOne);
    } catch (IOException | RuntimeException e) {
      // What cannot be removed has the name of something temporary.
    }
  }

  private static void removeOne(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
