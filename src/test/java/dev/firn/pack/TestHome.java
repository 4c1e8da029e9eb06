package dev.firn.pack;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.firn.map.MapStore;
import dev.firn.map.VolumeMap;
import dev.firn.region.ImportRequest;
import dev.firn.region.SnapshotImport;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotState;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.FrozenFileSystem;
import dev.firn.vfs.VolumeFileSystem;
import dev.firn.vfs.VolumeKind;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A store with volumes, and what a Region does around an import; no catalog. */
final class TestHome implements Closeable {
  static final long VOLUME_BYTES = 1L << 30;
  static final Instant CREATED = Instant.parse("2024-05-06T07:08:09.123456Z");

  private final Path directory;
  private final MapStore store;
  private long nextVolume = 1;
  private ImportRequest lastRequest;
  private long lastSizeBytes;
  private FrozenFileSystem imported;

  TestHome(Path directory) throws IOException {
    this.directory = directory;
    this.store = MapStore.open(directory.resolve("store"), List.of("a"));
  }

  Path spool() {
    return directory.resolve("tmp");
  }

  VolumeFileSystem create(long sizeBytes) throws IOException {
    return VolumeFileSystem.create(newMap(), sizeBytes, Clock.systemUTC());
  }

  /** A frozen tree, filled by {@code filler}. */
  FrozenFileSystem tree(Filler filler) throws IOException {
    VolumeMap map = newMap();
    VolumeFileSystem files = VolumeFileSystem.create(map, VOLUME_BYTES, Clock.systemUTC());
    filler.fill(files);
    files.syncAll();
    return new FrozenFileSystem(map.freeze(), VOLUME_BYTES);
  }

  @FunctionalInterface
  interface Filler {
    void fill(FileSystem target) throws IOException;
  }

  byte[] export(FileSystem source, PackageFormat format) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Exporter.write(
        ExportSource.full(snapshot(), source), format, null, bytes, ProgressListener.NONE);
    return bytes.toByteArray();
  }

  /** What an exported package says of itself, with its contents. */
  static Manifest manifest(byte[] exported) throws IOException {
    PackageReader reader = new PackageReader(new ByteArrayInputStream(exported), "test");
    int offset = contentsOffset(exported);
    return reader.contents(
        new ByteArrayInputStream(exported, offset, exported.length - offset), offset);
  }

  static int contentsOffset(byte[] exported) {
    int tail = exported.length - (int) PackageTar.tailBytes() + TarHeader.BLOCK_BYTES;
    String digits = new String(exported, tail, PackageLayout.CONTENTS_OFFSET_DIGITS, US_ASCII);
    return Integer.parseInt(digits);
  }

  /** Imports, and answers the snapshot's tree. */
  FrozenFileSystem importFrom(byte[] bytes) throws IOException {
    return importFrom(bytes, new ImportOptions(null, null));
  }

  FrozenFileSystem importFrom(byte[] bytes, ImportOptions options) throws IOException {
    Importer.importFrom(
        sink(), new ByteArrayInputStream(bytes), null, options, spool(), ProgressListener.NONE);
    return imported;
  }

  ImportRequest lastRequest() {
    return lastRequest;
  }

  /** The size of the volume that the last import asked for. */
  long lastSizeBytes() {
    return lastSizeBytes;
  }

  /** How many volumes and temporary files there are. */
  long things() throws IOException {
    long files = 0;
    if (Files.exists(spool())) {
      try (Stream<Path> left = Files.list(spool())) {
        files = left.count();
      }
    }
    return store.list().size() + files;
  }

  static Snapshot snapshot() {
    return new Snapshot(
        "snap-0123abcd",
        7,
        "monday",
        3,
        "vol-01234567",
        "data",
        VolumeKind.FILESYSTEM,
        SnapshotState.COMPLETED,
        100,
        "before the \"upgrade\"",
        VOLUME_BYTES,
        CREATED,
        Map.of("stage", "test", "owner", "Zoë"),
        null,
        Snapshot.OWNER_ACCOUNT_ID,
        "snap-0123abcd");
  }

  Importer.Sink sink() {
    return new Importer.Sink() {
      @Override
      public SnapshotImport begin(ImportRequest request) throws IOException {
        return TestHome.this.begin(request);
      }

      @Override
      public SnapshotImport begin(ImportRequest request, Manifest.BasePart base, String identity)
          throws IOException {
        return base == null ? begin(request) : null;
      }
    };
  }

  private SnapshotImport begin(ImportRequest request) throws IOException {
    lastRequest = request;
    lastSizeBytes = request.volumeSizeBytes();
    VolumeMap map = newMap();
    VolumeFileSystem target =
        VolumeFileSystem.create(map, request.volumeSizeBytes(), Clock.systemUTC());
    return new SnapshotImport() {
      private boolean published;

      @Override
      public FileSystem target() {
        return target;
      }

      @Override
      public void resize(long volumeSizeBytes) throws IOException {
        lastSizeBytes = volumeSizeBytes;
        target.resize(volumeSizeBytes);
      }

      @Override
      public Snapshot publish() throws IOException {
        target.syncAll();
        imported = new FrozenFileSystem(map.freeze(), lastSizeBytes);
        published = true;
        return snapshot();
      }

      @Override
      public void close() throws IOException {
        if (!published) {
          target.close();
          map.close();
          store.delete(map.number());
        }
      }
    };
  }

  private VolumeMap newMap() throws IOException {
    return store.create(nextVolume++, new MapStore.VolumeOptions("a", "lz4"));
  }

  @Override
  public void close() throws IOException {
    store.close();
  }
}
