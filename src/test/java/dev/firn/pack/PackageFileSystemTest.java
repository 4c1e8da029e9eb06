package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.base.Bytes;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.SetAttributes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackageFileSystemTest {
  private static final int MIB = 1 << 20;

  @TempDir Path directory;
  private TestHome home;

  @BeforeEach
  void open() throws IOException {
    home = new TestHome(directory.resolve("home"));
  }

  @AfterEach
  void close() throws IOException {
    home.close();
  }

  private PackageFileSystem mount(byte[] bytes) throws IOException {
    Path file = Files.write(directory.resolve("p.firn"), bytes);
    return new PackageFileSystem(List.of(file), home.spool(), Trust.ALL, ProgressListener.NONE);
  }

  private static byte[] read(FileSystem files, String name, long offset, int length)
      throws IOException {
    ByteBuffer target = ByteBuffer.allocate(length);
    files.read(files.lookup(1, Bytes.utf8(name)).inode(), offset, target);
    return Arrays.copyOf(target.array(), target.position());
  }

  @Test
  void showsWhatTheSnapshotHas() throws IOException {
    Random random = Seeds.random("showsWhatTheSnapshotHas");
    FileSystem source = home.tree(target -> Trees.fillRandomly(target, random, 200));
    try (PackageFileSystem mounted = mount(home.export(source, PackageFormat.FIRN))) {
      assertEquals(Trees.describe(source), Trees.describe(mounted));
    }
    assertEquals(1, home.things(), "only the source is left");
  }

  @Test
  void readsAnyPartOfSparseFiles() throws IOException {
    Random random = Seeds.random("readsAnyPartOfSparseFiles");
    FileSystem source =
        home.tree(
            target -> {
              long inode = Trees.file(target, 1, "f", Trees.random(random, 3 * MIB));
              for (int i = 0; i < 40; i++) {
                long offset = 4L * MIB + random.nextInt(40 * MIB);
                Trees.write(
                    target, inode, offset, Trees.random(random, 1 + random.nextInt(99_999)));
              }
              target.setAttributes(inode, SetAttributes.size(50L * MIB + 17));
            });
    try (PackageFileSystem mounted = mount(home.export(source, PackageFormat.FIRN))) {
      for (int i = 0; i < 200; i++) {
        long offset = random.nextInt(51 * MIB);
        int length = random.nextInt(2 * MIB);
        assertArrayEquals(read(source, "f", offset, length), read(mounted, "f", offset, length));
      }
      long inode = mounted.lookup(1, Bytes.utf8("f")).inode();
      long position = 0;
      while (position < 50L * MIB + 17) {
        long hole = mounted.seek(inode, position, true);
        byte[] data = read(mounted, "f", position, (int) (hole - position));
        assertFalse(hole > position && Arrays.equals(data, new byte[data.length]));
        if (hole == 50L * MIB + 17) {
          break;
        }
        try {
          position = mounted.seek(inode, hole, false);
        } catch (ErrnoException nothingMore) {
          position = 50L * MIB + 17;
        }
        assertArrayEquals(
            new byte[(int) (position - hole)], read(mounted, "f", hole, (int) (position - hole)));
      }
    }
  }

  @Test
  void whatIsDamagedCannotBeReadAndTheRestCan() throws IOException {
    byte[] content = Trees.random(new Random(1), 9 * MIB);
    FileSystem source =
        home.tree(
            target -> {
              Trees.file(target, 1, "a", content);
              Trees.file(target, 1, "b", content);
            });
    byte[] bytes = home.export(source, PackageFormat.FIRN);
    int behind = TestHome.contentsOffset(bytes);
    byte[] flipped = bytes.clone();
    flipped[behind - MIB] ^= 1;
    try (PackageFileSystem mounted = mount(flipped)) {
      assertArrayEquals(content, read(mounted, "a", 0, content.length));
      assertArrayEquals(Arrays.copyOf(content, 99), read(mounted, "b", 0, 99));
      IOException failure = assertThrows(IOException.class, () -> read(mounted, "b", 8 * MIB, 99));
      assertFalse(failure instanceof ErrnoException, "it is EIO");
    }
    assertEquals(ErrorKind.CORRUPT, refusal(Arrays.copyOf(bytes, bytes.length - 1)));
    assertEquals(ErrorKind.CORRUPT, refusal(Arrays.copyOf(bytes, behind)));
    assertEquals(ErrorKind.CORRUPT, refusal(Arrays.copyOf(bytes, bytes.length + 512)));
    // The manifest, its digest, the first member of the tree, the contents, and where they are.
    int[] ats = {700, 2100, 2700, behind + 700, bytes.length - 1024 - 500};
    for (int at : ats) {
      byte[] damaged = bytes.clone();
      damaged[at] ^= 1;
      assertEquals(ErrorKind.CORRUPT, refusal(damaged), "at " + at);
    }
  }

  private ErrorKind refusal(byte[] bytes) {
    return assertThrows(FirnException.class, () -> mount(bytes)).kind();
  }

  @Test
  void nothingElseIsMounted() throws IOException {
    byte[] tar = home.export(home.tree(target -> {}), PackageFormat.TAR);
    assertEquals(ErrorKind.CORRUPT, refusal(tar));
    assertEquals(ErrorKind.CORRUPT, refusal(new byte[0]));
    Manifest.BasePart base = new Manifest.BasePart("snap-1", null, null, "2024-01-01T00:00:00Z");
    byte[] incremental =
        HostilePackageTest.pack(
            m ->
                HostilePackageTest.manifest(
                    base, null, m.snapshot(), m.volume(), m.counts(), m.members()),
            true,
            HostilePackageTest.root(),
            HostilePackageTest.file("a"),
            HostilePackageTest.content());
    assertEquals(ErrorKind.USAGE, refusal(incremental));
    assertEquals(ErrorKind.CORRUPT, refusal(HostilePackageTest.pack(HostilePackageTest.file("a"))));
  }

  @Test
  void noDirectoryIsInItself() throws IOException {
    for (int directory = 0; directory < 2; directory++) {
      byte[] cycle =
          HostilePackageTest.pack(
              HostilePackageTest.root(),
              HostilePackageTest.inode(0, "a", FileMode.DIRECTORY | 0755),
              new TreeRecord.Link(1, directory, Bytes.utf8("b")),
              HostilePackageTest.file("c"),
              HostilePackageTest.content());
      FirnException refusal = assertThrows(FirnException.class, () -> mount(cycle));
      assertEquals(ErrorKind.CORRUPT, refusal.kind());
      assertTrue(refusal.getMessage().contains("a second name"), refusal.getMessage());
    }
  }
}
