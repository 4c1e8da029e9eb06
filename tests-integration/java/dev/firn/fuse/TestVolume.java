package dev.firn.fuse;

import dev.firn.map.MapStore;
import dev.firn.map.VolumeMap;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.FrozenFileSystem;
import dev.firn.vfs.VolumeFileSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A volume in a store of its own, removed at the end. */
public final class TestVolume implements AutoCloseable {
  private static final long SIZE_BYTES = 1L << 40;
  private static final long NUMBER = 1;

  private final Path directory;
  private MapStore store;
  private VolumeMap map;
  private VolumeFileSystem fileSystem;

  public TestVolume() throws IOException {
    directory = Files.createTempDirectory("firn-volume-");
    store = MapStore.open(directory, List.of("a"));
    map = store.create(NUMBER, new MapStore.VolumeOptions("a", "lz4"));
    fileSystem = VolumeFileSystem.create(map, SIZE_BYTES, Clock.systemUTC());
  }

  public FileSystem fileSystem() {
    return fileSystem;
  }

  /** The volume as it is now, for ever. */
  public FileSystem snapshot() throws IOException {
    return new FrozenFileSystem(map.freeze(), SIZE_BYTES);
  }

  /** Closes everything and reads it from disk again. */
  public FileSystem reopen() throws IOException {
    closeStore();
    store = MapStore.open(directory, List.of("a"));
    map = store.open(NUMBER);
    fileSystem = VolumeFileSystem.open(map, SIZE_BYTES, Clock.systemUTC());
    return fileSystem;
  }

  private void closeStore() throws IOException {
    fileSystem.close();
    map.close();
    store.close();
  }

  @Override
  public void close() throws IOException {
    try {
      closeStore();
    } finally {
      try (Stream<Path> files = Files.walk(directory)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }
}
