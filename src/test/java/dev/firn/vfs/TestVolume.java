package dev.firn.vfs;

import dev.firn.base.Bytes;
import dev.firn.map.FrozenMap;
import dev.firn.map.MapStore;
import dev.firn.map.VolumeMap;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A volume in a store of its own, with shorthands: names are text, paths start at the root. */
final class TestVolume implements Closeable {
  static final long ROOT = FileSystem.ROOT_INODE;
  static final int FILE = FileMode.REGULAR | 0644;

  private final Path directory;
  private final long sizeBytes;
  private final Clock clock;
  private MapStore store;
  VolumeMap map;
  VolumeFileSystem files;

  TestVolume(Path directory, long sizeBytes, Clock clock) throws IOException {
    this.directory = directory;
    this.sizeBytes = sizeBytes;
    this.clock = clock;
    store = MapStore.open(directory, List.of("a"));
    map = store.create(1, new MapStore.VolumeOptions("a", "lz4"));
    files = VolumeFileSystem.create(map, sizeBytes, clock);
  }

  /** Opens the files of a store that another process left behind. */
  private TestVolume(Path directory, TestVolume like) throws IOException {
    this.directory = directory;
    this.sizeBytes = like.sizeBytes;
    this.clock = like.clock;
    store = MapStore.open(directory, List.of("a"));
    map = store.open(1);
    files = VolumeFileSystem.open(map, sizeBytes, clock);
  }

  /** What a crash at this moment would leave: all that was committed, and perhaps more. */
  TestVolume afterCrash(Path copy) throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path from : (Iterable<Path>) all::iterator) {
        Files.copy(from, copy.resolve(directory.relativize(from)));
      }
    }
    return new TestVolume(copy, this);
  }

  /** Closes everything and opens it again. */
  void reopen() throws IOException {
    files.close();
    openStore();
  }

  /** Opens the store again as the last commit left it, without closing the file system. */
  void reopenAfterCommit() throws IOException {
    files.syncAll();
    // Whatever was in use is forgotten, as in a crash.
    map.setSealHook(editor -> {});
    openStore();
  }

  private void openStore() throws IOException {
    store.close();
    store = MapStore.open(directory, List.of("a"));
    map = store.open(1);
    files = VolumeFileSystem.open(map, sizeBytes, clock);
  }

  FrozenFileSystem freeze() throws IOException {
    FrozenMap frozen = map.freeze();
    return new FrozenFileSystem(frozen, sizeBytes);
  }

  static byte[] name(String text) {
    return Bytes.utf8(text);
  }

  long file(long parent, String name) throws IOException {
    return files.makeNode(parent, name(name), FILE, 0, 0, 0).inode();
  }

  long file(String name, String content) throws IOException {
    long inode = file(ROOT, name);
    write(inode, 0, Bytes.utf8(content));
    return inode;
  }

  long directory(long parent, String name) throws IOException {
    return files.makeDirectory(parent, name(name), 0755, 0, 0).inode();
  }

  void write(long inode, long offset, byte[] bytes) throws IOException {
    // Long runs from native memory, as transports have them: they go to the disk from there.
    ByteBuffer source =
        bytes.length > 100_000
            ? ByteBuffer.allocateDirect(bytes.length).put(bytes).flip()
            : ByteBuffer.wrap(bytes);
    files.write(inode, offset, source);
  }

  static byte[] read(FileSystem files, long inode, long offset, int length) throws IOException {
    ByteBuffer target = ByteBuffer.allocate(length);
    int count = files.read(inode, offset, target);
    byte[] bytes = new byte[count];
    target.flip().get(bytes);
    return bytes;
  }

  byte[] read(long inode) throws IOException {
    return read(files, inode, 0, (int) files.getAttributes(inode).sizeBytes());
  }

  String text(long inode) throws IOException {
    return Bytes.text(read(inode));
  }

  Attributes lookup(long parent, String name) throws IOException {
    return files.lookup(parent, name(name));
  }

  /** All entries, read in pieces. */
  static List<DirectoryEntry> list(FileSystem files, long directory, int piece) throws IOException {
    long handle = files.openDirectory(directory);
    List<DirectoryEntry> all = new ArrayList<>();
    long cookie = 0;
    for (List<DirectoryEntry> some = files.readDirectory(handle, 0, piece);
        !some.isEmpty();
        some = files.readDirectory(handle, cookie, piece)) {
      all.addAll(some);
      cookie = some.get(some.size() - 1).cookie();
    }
    files.releaseDirectory(handle);
    return all;
  }

  List<String> names(long directory) throws IOException {
    return list(files, directory, 3).stream().map(entry -> Bytes.text(entry.name())).toList();
  }

  long usedBytes() throws IOException {
    FileSystemStatus status = files.status();
    return status.totalBytes() - status.freeBytes();
  }

  /** The used bytes counted anew from all inodes there are in the map. */
  long countedBytes() throws IOException {
    files.syncAll();
    return map.read(
        view -> {
          long bytes = 0;
          var cursor = view.cursor(new byte[1]);
          while (cursor.next()) {
            if (Keys.kindOf(cursor.key()) == Keys.INODE) {
              long number = Keys.inodeOf(cursor.key());
              Inode inode = InodeCodec.decode(number, cursor.value());
              long data = FileExtents.allocated(view, number, 0, Long.MAX_VALUE);
              if (inode.isRegular() && data != inode.allocatedBytes) {
                throw new AssertionError(
                    "inode " + number + " has " + data + ", says " + inode.allocatedBytes);
              }
              bytes += inode.charge();
            }
          }
          return bytes;
        });
  }

  @Override
  public void close() throws IOException {
    files.close();
    store.close();
  }
}
