package dev.firn.vfs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import dev.firn.map.FrozenMap;
import dev.firn.map.MapStore;
import dev.firn.map.VolumeMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class DiskTest {
  private static final long ROOT = FileSystem.ROOT_INODE;
  private static final long DISK_BYTES = 4 * Sizes.MIB;
  private static final int PUNCH_HOLE_KEEP_SIZE = 3;
  private static final int ZERO_RANGE = 16;

  @TempDir Path directory;
  private MapStore store;
  private VolumeMap map;
  private VolumeFileSystem files;
  private long disk;

  @BeforeEach
  void make() throws IOException {
    store = MapStore.open(directory, List.of("a"));
    map = store.create(1, new MapStore.VolumeOptions("a", "lz4"));
    files = VolumeFileSystem.createDisk(map, DISK_BYTES, Clock.systemUTC());
    disk = files.lookup(ROOT, Disk.name()).inode();
  }

  @AfterEach
  void close() throws IOException {
    store.close();
  }

  private void reopen(long sizeBytes) throws IOException {
    files.close();
    store.close();
    store = MapStore.open(directory, List.of("a"));
    map = store.open(1);
    files = VolumeFileSystem.open(map, sizeBytes, Clock.systemUTC());
  }

  private static void refused(Errno errno, Executable what) {
    assertEquals(errno, assertThrows(ErrnoException.class, what).errno());
  }

  private void write(long offset, byte... bytes) throws IOException {
    files.write(disk, offset, ByteBuffer.wrap(bytes));
  }

  private byte[] read(long offset, int length) throws IOException {
    ByteBuffer target = ByteBuffer.allocate(length);
    return java.util.Arrays.copyOf(target.array(), files.read(disk, offset, target));
  }

  private List<String> problems() throws IOException {
    List<String> problems = new ArrayList<>();
    try (FrozenMap root = map.freeze()) {
      TreeCheck.run(root, (inode, problem) -> problems.add(inode + " " + problem));
    }
    return problems;
  }

  @Test
  void isOneSparseFileOfTheVolumesSize() throws IOException {
    Attributes attributes = files.getAttributes(disk);
    assertEquals(DISK_BYTES, attributes.sizeBytes());
    assertEquals(0, attributes.allocatedBytes());
    assertEquals(FileMode.REGULAR | 0600, attributes.mode());
    List<String> names =
        files.readDirectory(files.openDirectory(ROOT), 0, 10).stream()
            .map(entry -> new String(entry.name(), java.nio.charset.StandardCharsets.US_ASCII))
            .toList();
    assertEquals(List.of(".", "..", "disk.raw"), names);
    assertEquals(List.of(), problems());
    try (FrozenMap root = map.freeze()) {
      assertEquals(VolumeKind.BLOCK, VolumeFileSystem.kind(root));
      assertEquals(DISK_BYTES, Disk.sizeBytes(root));
    }
  }

  @Test
  void namesAndSizesAreFixed() throws IOException {
    byte[] other = {'x'};
    refused(Errno.EPERM, () -> files.makeNode(ROOT, other, FileMode.REGULAR | 0644, 0, 0, 0));
    refused(Errno.EPERM, () -> files.makeTemporary(ROOT, 0600, 0, 0));
    refused(Errno.EPERM, () -> files.makeDirectory(ROOT, other, 0755, 0, 0));
    refused(Errno.EPERM, () -> files.makeSymbolicLink(ROOT, other, other, 0, 0));
    refused(Errno.EPERM, () -> files.link(disk, ROOT, other));
    refused(Errno.EPERM, () -> files.unlink(ROOT, Disk.name()));
    refused(Errno.EPERM, () -> files.removeDirectory(ROOT, Disk.name()));
    refused(Errno.EPERM, () -> files.rename(ROOT, Disk.name(), ROOT, other, 0));
    refused(Errno.EPERM, () -> files.setAttributes(disk, SetAttributes.size(0)));
    refused(Errno.EPERM, () -> files.setAttributes(disk, SetAttributes.size(DISK_BYTES + 1)));
    assertEquals(DISK_BYTES, files.setAttributes(disk, SetAttributes.size(DISK_BYTES)).sizeBytes());
    assertEquals(7, files.setAttributes(disk, SetAttributes.owner(7, 8)).uid());
    assertEquals(List.of(), problems());
  }

  @Test
  void whatEndsBehindTheDiskFindsNoSpace() throws IOException {
    refused(Errno.ENOSPC, () -> write(DISK_BYTES, (byte) 1));
    refused(Errno.ENOSPC, () -> write(DISK_BYTES - 1, (byte) 1, (byte) 2));
    refused(
        Errno.ENOSPC,
        () -> files.write(disk, DISK_BYTES - 1000, ByteBuffer.allocate((int) Sizes.MIB)));
    refused(Errno.ENOSPC, () -> files.allocate(disk, 0, 0, DISK_BYTES + 1));
    refused(Errno.ENOSPC, () -> files.allocate(disk, ZERO_RANGE, DISK_BYTES, 1));
    write(0, (byte) 1);
    refused(Errno.ENOSPC, () -> files.copyRange(disk, 0, disk, DISK_BYTES - 1000, 4096));
    write(DISK_BYTES - 1, (byte) 9);
    assertArrayEquals(new byte[] {9}, read(DISK_BYTES - 1, 10));
    assertEquals(DISK_BYTES, files.getAttributes(disk).sizeBytes());
  }

  @Test
  void allOfItCanBeWritten() throws IOException {
    byte[] bytes = new byte[(int) DISK_BYTES];
    new java.util.Random(1).nextBytes(bytes);
    write(0, bytes);
    files.setXattr(disk, new byte[] {'u', 's', 'e', 'r', '.', 'a'}, new byte[60_000], 0);
    assertArrayEquals(bytes, read(0, bytes.length));
    assertEquals(0, files.status().freeBytes());
    assertEquals(List.of(), problems());
  }

  @Test
  void holesComeBack() throws IOException {
    byte[] ones = new byte[300_000];
    java.util.Arrays.fill(ones, (byte) 1);
    write(0, ones);
    files.allocate(disk, PUNCH_HOLE_KEEP_SIZE, 4096, 200_000);
    files.allocate(disk, ZERO_RANGE | 1, 250_880, 1024);
    assertArrayEquals(new byte[200_000], read(4096, 200_000));
    assertArrayEquals(new byte[1024], read(250_880, 1024));
    // In units of 512.
    assertEquals(99_328, files.getAttributes(disk).allocatedBytes());
  }

  @Test
  void growsAndNeverShrinks() throws IOException {
    files.resize(2 * DISK_BYTES);
    assertEquals(2 * DISK_BYTES, files.getAttributes(disk).sizeBytes());
    FirnException refused = assertThrows(FirnException.class, () -> files.resize(DISK_BYTES));
    assertEquals(ErrorKind.CONFLICT, refused.kind());
    write(2 * DISK_BYTES - 1, (byte) 5);
    // As after a crash between the volume's new size and the disk's.
    reopen(3 * DISK_BYTES);
    assertEquals(3 * DISK_BYTES, files.getAttributes(disk).sizeBytes());
    assertArrayEquals(new byte[] {5}, read(2 * DISK_BYTES - 1, 1));
    assertEquals(List.of(), problems());
  }

  @Test
  void staysADisk() throws IOException {
    write(123, (byte) 4);
    reopen(DISK_BYTES);
    refused(Errno.EPERM, () -> files.unlink(ROOT, Disk.name()));
    assertEquals(true, files.hasFixedSizes());
    assertArrayEquals(new byte[] {4}, read(123, 1));
  }

  @Test
  void onlyADiskBecomesOne() throws IOException {
    VolumeMap other = store.create(2, new MapStore.VolumeOptions("a", "lz4"));
    VolumeFileSystem tree = VolumeFileSystem.create(other, Sizes.GIB, Clock.systemUTC());
    notADisk(tree);
    long made = tree.makeNode(ROOT, Disk.name(), FileMode.REGULAR | 0640, 0, 0, 0).inode();
    tree.makeDirectory(ROOT, new byte[] {'a'}, 0755, 0, 0);
    notADisk(tree);
    tree.removeDirectory(ROOT, new byte[] {'a'});
    tree.link(made, ROOT, new byte[] {'z'});
    notADisk(tree);
    tree.unlink(ROOT, new byte[] {'z'});
    tree.setAttributes(made, SetAttributes.size(DISK_BYTES + 1));
    notADisk(tree);
    tree.setAttributes(made, SetAttributes.size(1000));
    tree.becomeDisk(DISK_BYTES);
    assertEquals(DISK_BYTES, tree.getAttributes(made).sizeBytes());
    refused(Errno.EPERM, () -> tree.unlink(ROOT, Disk.name()));
  }

  private static void notADisk(VolumeFileSystem tree) {
    FirnException refused = assertThrows(FirnException.class, () -> tree.becomeDisk(DISK_BYTES));
    assertEquals(ErrorKind.CORRUPT, refused.kind());
  }
}
