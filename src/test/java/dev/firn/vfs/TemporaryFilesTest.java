package dev.firn.vfs;

import static dev.firn.vfs.NamespaceTest.assertErrno;
import static dev.firn.vfs.TestVolume.ROOT;
import static dev.firn.vfs.TestVolume.name;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.Bytes;
import dev.firn.base.Sizes;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files without a name (O_TMPFILE): how long they live, and how they get one. */
class TemporaryFilesTest {
  @TempDir Path directory;
  private TestVolume volume;
  private VolumeFileSystem files;
  private long usedBefore;

  @BeforeEach
  void createVolume() throws IOException {
    volume = new TestVolume(directory.resolve("store"), Sizes.GIB, Clock.systemUTC());
    files = volume.files;
    usedBefore = volume.usedBytes();
  }

  @AfterEach
  void closeVolume() throws IOException {
    assertEquals(volume.countedBytes(), volume.usedBytes(), "used bytes are exact");
    volume.close();
  }

  private long make(long parent) throws IOException {
    return files.makeTemporary(parent, 0644, 1, 2).inode();
  }

  @Test
  void hasNoNameAndGoesWithItsLastUse() throws IOException {
    Instant before = Instant.now();
    Attributes made = files.makeTemporary(ROOT, 0640, 1, 2);
    assertEquals(FileMode.REGULAR | 0640, made.mode());
    assertEquals(0, made.linkCount());
    assertEquals(1, made.uid());
    assertEquals(2, made.gid());
    Instant born =
        Instant.ofEpochSecond(made.generation() / 1_000_000_000, made.generation() % 1_000_000_000);
    assertTrue(!born.isBefore(before) && !born.isAfter(Instant.now()), "born " + born);
    assertEquals(made.modifySeconds(), born.getEpochSecond());
    assertEquals(List.of(".", ".."), volume.names(ROOT));

    long handle = files.open(made.inode(), true);
    volume.write(made.inode(), 0, name("content"));
    files.forget(made.inode(), 1);
    assertEquals("content", volume.text(made.inode()));
    files.release(handle);
    assertErrno(Errno.ENOENT, () -> files.getAttributes(made.inode()));
    assertEquals(usedBefore, volume.usedBytes());
  }

  @Test
  void makingLeavesTheDirectoryAsItIs() throws IOException {
    Attributes root = files.getAttributes(ROOT);
    files.forget(make(ROOT), 1);
    assertEquals(root, files.getAttributes(ROOT));
  }

  @Test
  void linkGivesItAName() throws IOException {
    long parent = volume.directory(ROOT, "d");
    long file = make(ROOT);
    volume.write(file, 0, name("content"));
    assertErrno(Errno.EEXIST, () -> files.link(file, ROOT, name("d")));
    Attributes linked = files.link(file, parent, name("named"));
    assertEquals(1, linked.linkCount());
    assertEquals(file, volume.lookup(parent, "named").inode());
    files.syncAll();
    long inside = volume.map.read(view -> Tree.require(view, file).parent);
    assertEquals(parent, inside);
    files.forget(file, 1);
    assertEquals("content", volume.text(file));
    files.link(file, ROOT, name("other"));
    assertEquals(2, files.getAttributes(file).linkCount());
    volume.reopenAfterCommit();
    assertEquals("content", volume.text(file));
    volume.files.unlink(ROOT, name("other"));
    volume.files.unlink(parent, name("named"));
    assertErrno(Errno.ENOENT, () -> volume.files.getAttributes(file));
  }

  @Test
  void onlyOneThatNeverHadANameGetsOne() throws IOException {
    long file = make(ROOT);
    files.link(file, ROOT, name("a"));
    files.unlink(ROOT, name("a"));
    assertErrno(Errno.ENOENT, () -> files.link(file, ROOT, name("b")));
    files.forget(file, 1);
    long gone = make(ROOT);
    files.forget(gone, 1);
    assertErrno(Errno.ENOENT, () -> files.link(gone, ROOT, name("b")));
    assertEquals(List.of(".", ".."), volume.names(ROOT));
  }

  @Test
  void directoryMustBeOneThatTakesNames() throws IOException {
    long file = volume.file(ROOT, "f");
    assertErrno(Errno.ENOTDIR, () -> make(file));
    assertErrno(Errno.ENOENT, () -> make(999));
    long parent = volume.directory(ROOT, "d");
    files.remember(parent);
    files.removeDirectory(ROOT, name("d"));
    assertErrno(Errno.ENOENT, () -> make(parent));
    files.forget(parent, 1);
    assertErrno(Errno.EROFS, () -> volume.freeze().makeTemporary(ROOT, 0644, 0, 0));
  }

  @Test
  void inheritsGroupAndDefaultList() throws IOException {
    long parent = volume.directory(ROOT, "d");
    files.setAttributes(parent, SetAttributes.owner(5, 50));
    files.setAttributes(parent, SetAttributes.mode(02775));
    byte[] list = AttributesTest.acl(1, 7, -1, 2, 7, 500, 4, 5, -1, 0x10, 7, -1, 0x20, 0, -1);
    files.setXattr(parent, PosixAcl.DEFAULT_NAME, list, 0);
    Attributes made = files.makeTemporary(parent, 0664, 1, 1);
    assertEquals(50, made.gid());
    assertEquals(FileMode.REGULAR | 0660, made.mode());
    assertEquals(1, files.listXattrs(made.inode()).size());
    files.link(made.inode(), ROOT, name("named"));
    assertEquals(1, files.listXattrs(made.inode()).size());
  }

  @Test
  void aFullVolumeHasNoRoomForOne() throws IOException {
    files.resize(usedBefore + Inode.CHARGE_BYTES);
    long file = make(ROOT);
    assertErrno(Errno.ENOSPC, () -> make(ROOT));
    files.forget(file, 1);
    files.forget(make(ROOT), 1);
  }

  /** Either the link comes in time and the file lives, or it is gone and nothing is left. */
  @Test
  void linkRacesWithTheLastUse() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      for (int round = 0; round < 500; round++) {
        long file = make(ROOT);
        byte[] name = name("n" + round);
        CyclicBarrier start = new CyclicBarrier(2);
        Future<Boolean> linked =
            threads.submit(
                () -> {
                  start.await();
                  try {
                    files.link(file, ROOT, name);
                    return true;
                  } catch (ErrnoException e) {
                    assertEquals(Errno.ENOENT, e.errno());
                    return false;
                  }
                });
        Future<?> forgotten =
            threads.submit(
                () -> {
                  start.await();
                  files.forget(file, 1);
                  return null;
                });
        forgotten.get();
        if (linked.get()) {
          assertEquals(1, files.lookup(ROOT, name).linkCount());
          files.unlink(ROOT, name);
        }
        assertErrno(Errno.ENOENT, () -> files.getAttributes(file));
      }
    } finally {
      threads.shutdown();
    }
    assertEquals(usedBefore, volume.usedBytes());
  }

  @Test
  void aCrashLeavesNothingOfItUnlessItWasLinked() throws IOException {
    long named = make(ROOT);
    volume.write(named, 0, new byte[] {1, 2, 3});
    long nameless = make(ROOT);
    volume.write(nameless, 0, new byte[200_000]);
    files.syncAll();
    try (TestVolume crashed = volume.afterCrash(directory.resolve("before"))) {
      assertErrno(Errno.ENOENT, () -> crashed.files.getAttributes(named));
      assertErrno(Errno.ENOENT, () -> crashed.files.getAttributes(nameless));
      assertEquals(usedBefore, crashed.usedBytes());
      assertEquals(crashed.countedBytes(), crashed.usedBytes());
    }
    files.link(named, ROOT, name("named"));
    try (TestVolume crashed = volume.afterCrash(directory.resolve("between"))) {
      // The link was not asked to be durable: all of it is there, or nothing.
      boolean linked = crashed.names(ROOT).contains("named");
      if (linked) {
        assertEquals(1, crashed.files.getAttributes(named).linkCount());
      } else {
        assertErrno(Errno.ENOENT, () -> crashed.files.getAttributes(named));
      }
      assertEquals(crashed.countedBytes(), crashed.usedBytes());
    }
    files.syncAll();
    try (TestVolume crashed = volume.afterCrash(directory.resolve("after"))) {
      assertEquals(named, crashed.lookup(ROOT, "named").inode());
      assertEquals(1, crashed.lookup(ROOT, "named").linkCount());
      assertEquals(Bytes.text(new byte[] {1, 2, 3}), crashed.text(named));
      assertErrno(Errno.ENOENT, () -> crashed.files.getAttributes(nameless));
      assertEquals(crashed.countedBytes(), crashed.usedBytes());
    }
    files.forget(named, 1);
    files.forget(nameless, 1);
    assertEquals(3, files.getAttributes(named).sizeBytes());
  }

  @Test
  void oneThatCannotBeReadIsInNobodysWay() throws IOException {
    long file = volume.file("file", "old");
    long usedWithFile = volume.usedBytes();
    byte[] unreadable = Keys.orphan(99_999);
    volume.map.write(
        editor -> {
          editor.put(unreadable, new byte[] {1});
          return null;
        });
    volume.write(make(ROOT), 0, name("content"));
    volume.write(file, 0, name("new"));
    volume.reopen();
    assertEquals("new", volume.text(volume.lookup(ROOT, "file").inode()));
    assertEquals(usedWithFile, volume.usedBytes(), "another one is gone");
    assertNotNull(volume.map.read(view -> view.get(unreadable)));
  }
}
