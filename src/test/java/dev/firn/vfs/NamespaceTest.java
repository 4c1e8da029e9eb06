package dev.firn.vfs;

import static dev.firn.vfs.TestVolume.ROOT;
import static dev.firn.vfs.TestVolume.name;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.Sizes;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** What operations on names do and answer, each as Linux's own file systems do it. */
class NamespaceTest {
  @TempDir Path directory;
  private TestVolume volume;
  private VolumeFileSystem files;

  @BeforeEach
  void createVolume() throws IOException {
    volume = new TestVolume(directory, Sizes.GIB, Clock.systemUTC());
    files = volume.files;
  }

  @AfterEach
  void closeVolume() throws IOException {
    assertEquals(volume.countedBytes(), volume.usedBytes(), "used bytes are exact");
    volume.close();
  }

  static void assertErrno(Errno expected, Executable action) {
    assertEquals(expected, assertThrows(ErrnoException.class, action).errno());
  }

  @Test
  void newVolumeHasOnlyItsRoot() throws IOException {
    Attributes root = files.getAttributes(ROOT);
    assertTrue(root.isDirectory());
    assertEquals(FileMode.DIRECTORY | 0755, root.mode());
    assertEquals(2, root.linkCount());
    assertEquals(List.of(".", ".."), volume.names(ROOT));
    assertEquals(3, volume.file(ROOT, "first"), "inodes 1 and 2 are taken");
  }

  @Test
  void lookupFindsWhatWasMade() throws IOException {
    long inner = volume.directory(volume.directory(ROOT, "outer"), "inner");
    long file = volume.file(inner, "file");
    assertEquals(file, volume.lookup(inner, "file").inode());
    assertEquals(inner, volume.lookup(inner, ".").inode());
    assertEquals(volume.lookup(ROOT, "outer").inode(), volume.lookup(inner, "..").inode());
    assertEquals(ROOT, volume.lookup(ROOT, "..").inode());
    assertErrno(Errno.ENOENT, () -> volume.lookup(inner, "fil"));
    assertErrno(Errno.ENOTDIR, () -> volume.lookup(file, "x"));
    assertErrno(Errno.ENOENT, () -> volume.lookup(999, "x"));
  }

  @Test
  void namesAreBytesOfLimitedLength() throws IOException {
    byte[] longest = new byte[255];
    java.util.Arrays.fill(longest, (byte) 0xff);
    long inode = files.makeNode(ROOT, longest, TestVolume.FILE, 0, 0, 0).inode();
    assertEquals(inode, files.lookup(ROOT, longest).inode());
    assertArrayEquals(longest, TestVolume.list(files, ROOT, 10).get(2).name());
    assertErrno(Errno.ENAMETOOLONG, () -> files.lookup(ROOT, new byte[256]));
    assertErrno(Errno.ENAMETOOLONG, () -> volume.file(ROOT, "x".repeat(256)));
    for (String bad : List.of("a/b", "a\0b", ".", "..")) {
      assertErrno(Errno.EINVAL, () -> volume.file(ROOT, bad));
    }
    assertErrno(Errno.ENOENT, () -> volume.file(ROOT, ""));
  }

  @Test
  void allKindsOfNodesKeepTypeModeOwnerAndDevice() throws IOException {
    int[] types = {
      FileMode.REGULAR,
      FileMode.FIFO,
      FileMode.SOCKET,
      FileMode.CHARACTER_DEVICE,
      FileMode.BLOCK_DEVICE
    };
    for (int type : types) {
      files.makeNode(ROOT, name("n" + type), type | 0640, 0x103, 7, -2);
    }
    volume.reopen();
    for (int type : types) {
      Attributes node = volume.lookup(ROOT, "n" + type);
      assertEquals(type | 0640, node.mode());
      assertEquals(7, node.uid());
      assertEquals(-2, node.gid());
      assertEquals(1, node.linkCount());
      boolean device = type == FileMode.CHARACTER_DEVICE || type == FileMode.BLOCK_DEVICE;
      assertEquals(device ? 0x103 : 0, node.device());
    }
    assertErrno(
        Errno.EINVAL,
        () -> volume.files.makeNode(ROOT, name("x"), FileMode.DIRECTORY | 0755, 0, 0, 0));
  }

  @Test
  void makingANameTwiceAnswersEexist() throws IOException {
    volume.file(ROOT, "a");
    assertErrno(Errno.EEXIST, () -> volume.file(ROOT, "a"));
    assertErrno(Errno.EEXIST, () -> volume.directory(ROOT, "a"));
    assertErrno(Errno.EEXIST, () -> files.makeSymbolicLink(ROOT, name("a"), name("target"), 0, 0));
    assertErrno(Errno.ENOTDIR, () -> volume.file(volume.lookup(ROOT, "a").inode(), "b"));
  }

  @Test
  void symbolicLinksKeepTargetsOfAnyBytes() throws IOException {
    byte[] longest = new byte[4095];
    java.util.Arrays.fill(longest, (byte) 0xfe);
    long inode = files.makeSymbolicLink(ROOT, name("l"), longest, 1, 2).inode();
    files.makeSymbolicLink(ROOT, name("s"), name("x"), 1, 2);
    volume.reopen();
    assertArrayEquals(longest, volume.files.readLink(inode));
    assertEquals(4095, volume.files.getAttributes(inode).sizeBytes());
    assertEquals(FileMode.SYMBOLIC_LINK | 0777, volume.files.getAttributes(inode).mode());
    VolumeFileSystem reopened = volume.files;
    assertErrno(
        Errno.ENAMETOOLONG, () -> reopened.makeSymbolicLink(ROOT, name("m"), new byte[4096], 0, 0));
    assertErrno(Errno.ENOENT, () -> reopened.makeSymbolicLink(ROOT, name("m"), new byte[0], 0, 0));
    assertErrno(Errno.EINVAL, () -> reopened.readLink(ROOT));
    reopened.unlink(ROOT, name("l"));
    assertErrno(Errno.ENOENT, () -> reopened.readLink(inode));
  }

  @Test
  void setgidDirectoriesHandDownTheirGroup() throws IOException {
    long parent = volume.directory(ROOT, "d");
    files.setAttributes(parent, SetAttributes.owner(5, 50));
    files.setAttributes(parent, SetAttributes.mode(02775));
    Attributes file = files.makeNode(parent, name("f"), FileMode.REGULAR | 0644, 0, 1, 1);
    Attributes child = files.makeDirectory(parent, name("c"), 0755, 1, 1);
    assertEquals(50, file.gid());
    assertEquals(FileMode.REGULAR | 0644, file.mode());
    assertEquals(50, child.gid());
    assertEquals(FileMode.DIRECTORY | 02755, child.mode());
  }

  @Test
  void directoriesCountTheirSubdirectories() throws IOException {
    long parent = volume.directory(ROOT, "d");
    volume.directory(parent, "1");
    volume.directory(parent, "2");
    volume.file(parent, "3");
    assertEquals(4, files.getAttributes(parent).linkCount());
    files.removeDirectory(parent, name("1"));
    assertEquals(3, files.getAttributes(parent).linkCount());
    files.rename(parent, name("2"), ROOT, name("2"), 0);
    assertEquals(2, files.getAttributes(parent).linkCount());
    assertEquals(4, files.getAttributes(ROOT).linkCount());
  }

  @Test
  void hardLinksShareOneInode() throws IOException {
    long file = volume.file("a", "content");
    Attributes linked = files.link(file, ROOT, name("b"));
    assertEquals(2, linked.linkCount());
    assertEquals(file, volume.lookup(ROOT, "b").inode());
    files.unlink(ROOT, name("a"));
    assertEquals(1, files.getAttributes(file).linkCount());
    assertEquals("content", volume.text(file));
    long directory = volume.directory(ROOT, "d");
    assertErrno(Errno.EPERM, () -> files.link(directory, ROOT, name("e")));
    assertErrno(Errno.EEXIST, () -> files.link(file, ROOT, name("b")));
    assertErrno(Errno.ENOENT, () -> files.link(999, ROOT, name("x")));
    files.unlink(ROOT, name("b"));
    assertErrno(Errno.ENOENT, () -> files.getAttributes(file));
  }

  @Test
  void moreThan65000LinksAnswerEmlink() throws IOException {
    long file = volume.file(ROOT, "f0");
    for (int i = 1; i < 65_000; i++) {
      files.link(file, ROOT, name("f" + i));
    }
    assertEquals(65_000, files.getAttributes(file).linkCount());
    assertErrno(Errno.EMLINK, () -> files.link(file, ROOT, name("more")));
  }

  @Test
  void directoriesHaveMoreSubdirectoriesThanFilesHaveLinks() throws IOException {
    int count = Namespace.LINKS_MAX + 1000;
    long parent = volume.directory(ROOT, "many");
    for (int i = 0; i < count; i++) {
      volume.directory(parent, "d" + i);
    }
    assertEquals(count + 2, files.getAttributes(parent).linkCount());
    volume.reopen();
    files = volume.files;
    assertEquals(count + 2, files.getAttributes(parent).linkCount());
    assertEquals(count + 2, TestVolume.list(files, parent, 5000).size());
    files.removeDirectory(parent, name("d7"));
    assertEquals(count + 1, files.getAttributes(parent).linkCount());
    assertErrno(Errno.ENOTEMPTY, () -> files.removeDirectory(ROOT, name("many")));
  }

  @Test
  void swappingADirectoryAndAFileMovesLinksAndDots() throws IOException {
    long left = volume.directory(ROOT, "left");
    long right = volume.directory(ROOT, "right");
    long inner = volume.directory(left, "inner");
    long deep = volume.directory(inner, "deep");
    long file = volume.file(right, "file");
    files.link(file, ROOT, name("other"));
    for (int round = 0; round < 2; round++) {
      files.rename(left, name("inner"), right, name("file"), FileSystem.RENAME_EXCHANGE);
      boolean there = round == 0;
      assertEquals(there ? right : left, volume.lookup(inner, "..").inode());
      assertEquals(there ? 2 : 3, files.getAttributes(left).linkCount());
      assertEquals(there ? 3 : 2, files.getAttributes(right).linkCount());
      assertEquals(3, files.getAttributes(inner).linkCount());
      assertEquals(2, files.getAttributes(file).linkCount());
      assertEquals(deep, volume.lookup(inner, "deep").inode());
      assertEquals(there ? file : inner, volume.lookup(left, "inner").inode());
      assertEquals(there ? inner : file, volume.lookup(right, "file").inode());
      volume.reopen();
      files = volume.files;
    }
    assertErrno(
        Errno.EINVAL,
        () -> files.rename(ROOT, name("left"), inner, name("deep"), FileSystem.RENAME_EXCHANGE));
  }

  @Test
  void aDirectoryMovesOntoAnEmptyOneElsewhere() throws IOException {
    long from = volume.directory(ROOT, "from");
    long to = volume.directory(ROOT, "to");
    long moved = volume.directory(from, "moved");
    volume.file(moved, "inside");
    long empty = volume.directory(to, "empty");
    long handle = files.openDirectory(empty);
    files.rename(from, name("moved"), to, name("empty"), 0);
    assertEquals(moved, volume.lookup(to, "empty").inode());
    assertEquals(to, volume.lookup(moved, "..").inode());
    assertEquals(2, files.getAttributes(from).linkCount());
    assertEquals(3, files.getAttributes(to).linkCount());
    assertEquals(0, files.getAttributes(empty).linkCount(), "still open");
    assertEquals(2, files.readDirectory(handle, 0, 10).size());
    files.releaseDirectory(handle);
    assertErrno(Errno.ENOENT, () -> files.getAttributes(empty));
    int keep = FileSystem.RENAME_NO_REPLACE;
    assertErrno(Errno.EEXIST, () -> files.rename(ROOT, name("from"), to, name("empty"), keep));
    assertErrno(Errno.EINVAL, () -> files.rename(ROOT, name("from"), ROOT, name("x"), 3));
  }

  @Test
  void inodesTellWhenTheyWereMade() throws IOException {
    long before = System.currentTimeMillis() - 60_000;
    long file = volume.file(ROOT, "f");
    for (long inode : new long[] {ROOT, file, volume.directory(ROOT, "d")}) {
      long madeMillis = files.getAttributes(inode).generation() / 1_000_000;
      assertTrue(madeMillis > before && madeMillis <= System.currentTimeMillis());
    }
    Attributes linked = files.link(file, ROOT, name("g"));
    assertEquals(files.getAttributes(file).generation(), linked.generation());
  }

  @Test
  void unlinkAndRemoveDirectoryMindTypes() throws IOException {
    long parent = volume.directory(ROOT, "d");
    volume.file(parent, "f");
    assertErrno(Errno.EISDIR, () -> files.unlink(ROOT, name("d")));
    assertErrno(Errno.ENOTDIR, () -> files.removeDirectory(parent, name("f")));
    assertErrno(Errno.ENOTEMPTY, () -> files.removeDirectory(ROOT, name("d")));
    assertErrno(Errno.ENOENT, () -> files.unlink(ROOT, name("x")));
    assertErrno(Errno.ENOENT, () -> files.removeDirectory(ROOT, name("x")));
    assertErrno(Errno.EINVAL, () -> files.removeDirectory(parent, name(".")));
    assertErrno(Errno.ENOTEMPTY, () -> files.removeDirectory(parent, name("..")));
    files.unlink(parent, name("f"));
    files.removeDirectory(ROOT, name("d"));
    assertErrno(Errno.ENOENT, () -> volume.lookup(ROOT, "d"));
  }

  @Test
  void removedDirectoryInUseTakesNoNewNames() throws IOException {
    long parent = volume.directory(ROOT, "d");
    files.remember(parent);
    files.removeDirectory(ROOT, name("d"));
    assertEquals(0, files.getAttributes(parent).linkCount());
    assertErrno(Errno.ENOENT, () -> volume.file(parent, "f"));
    assertEquals(List.of(".", ".."), volume.names(parent));
    files.forget(parent, 1);
    assertErrno(Errno.ENOENT, () -> files.getAttributes(parent));
  }

  @Test
  void renameReplacesAndMindsTypes() throws IOException {
    long a = volume.file("a", "aa");
    long b = volume.file("b", "bb");
    long full = volume.directory(ROOT, "full");
    long inner = volume.file(full, "x");
    long empty = volume.directory(ROOT, "empty");

    files.rename(ROOT, name("a"), ROOT, name("b"), 0);
    assertEquals(a, volume.lookup(ROOT, "b").inode());
    assertErrno(Errno.ENOENT, () -> volume.lookup(ROOT, "a"));
    assertErrno(Errno.ENOENT, () -> files.getAttributes(b));

    assertErrno(Errno.ENOTDIR, () -> files.rename(ROOT, name("full"), ROOT, name("b"), 0));
    assertErrno(Errno.EISDIR, () -> files.rename(ROOT, name("b"), ROOT, name("empty"), 0));
    assertErrno(Errno.ENOTEMPTY, () -> files.rename(ROOT, name("empty"), ROOT, name("full"), 0));
    assertErrno(Errno.ENOENT, () -> files.rename(ROOT, name("no"), ROOT, name("b"), 0));
    assertErrno(Errno.ENOTDIR, () -> files.rename(ROOT, name("b"), inner, name("b"), 0));

    files.rename(ROOT, name("full"), ROOT, name("empty"), 0);
    assertEquals(full, volume.lookup(ROOT, "empty").inode());
    assertErrno(Errno.ENOENT, () -> files.getAttributes(empty));
    assertEquals(3, files.getAttributes(ROOT).linkCount());
  }

  @Test
  void renameOntoAnotherNameOfTheSameFileDoesNothing() throws IOException {
    long file = volume.file(ROOT, "a");
    files.link(file, ROOT, name("b"));
    files.rename(ROOT, name("a"), ROOT, name("b"), 0);
    files.rename(ROOT, name("a"), ROOT, name("a"), 0);
    assertEquals(file, volume.lookup(ROOT, "a").inode());
    assertEquals(2, files.getAttributes(file).linkCount());
  }

  @Test
  void directoryCannotMoveIntoItself() throws IOException {
    long a = volume.directory(ROOT, "a");
    long b = volume.directory(a, "b");
    long c = volume.directory(b, "c");
    assertErrno(Errno.EINVAL, () -> files.rename(ROOT, name("a"), c, name("x"), 0));
    assertErrno(Errno.EINVAL, () -> files.rename(ROOT, name("a"), a, name("x"), 0));
    assertErrno(Errno.ENOTEMPTY, () -> files.rename(b, name("c"), ROOT, name("a"), 0));
    int exchange = FileSystem.RENAME_EXCHANGE;
    assertErrno(Errno.EINVAL, () -> files.rename(b, name("c"), ROOT, name("a"), exchange));
    assertErrno(Errno.EINVAL, () -> files.rename(ROOT, name("a"), b, name("c"), exchange));
    files.rename(b, name("c"), ROOT, name("c"), 0);
    files.rename(ROOT, name("a"), c, name("a"), 0);
    assertEquals(c, volume.lookup(a, "..").inode());
  }

  @Test
  void renameFlagsKeepOrSwap() throws IOException {
    long a = volume.file("a", "aa");
    long d = volume.directory(ROOT, "d");
    long e = volume.directory(d, "e");
    int keep = FileSystem.RENAME_NO_REPLACE;
    int exchange = FileSystem.RENAME_EXCHANGE;
    assertErrno(Errno.EEXIST, () -> files.rename(ROOT, name("a"), d, name("e"), keep));
    assertErrno(Errno.EEXIST, () -> files.rename(ROOT, name("a"), ROOT, name("a"), keep));
    assertErrno(Errno.ENOENT, () -> files.rename(ROOT, name("a"), d, name("no"), exchange));
    assertErrno(Errno.EINVAL, () -> files.rename(ROOT, name("a"), d, name("e"), keep | exchange));
    assertErrno(Errno.EINVAL, () -> files.rename(ROOT, name("a"), d, name("e"), 4));

    files.rename(ROOT, name("a"), d, name("e"), exchange);
    assertEquals(e, volume.lookup(ROOT, "a").inode());
    assertEquals(a, volume.lookup(d, "e").inode());
    assertEquals(ROOT, volume.lookup(e, "..").inode());
    assertEquals(2, files.getAttributes(d).linkCount());
    assertEquals(4, files.getAttributes(ROOT).linkCount());
    files.rename(d, name("e"), d, name("f"), keep);
    assertEquals(a, volume.lookup(d, "f").inode());
  }

  @Test
  void unlinkedFileLivesWhileInUse() throws IOException {
    long file = volume.file("a", "content");
    long first = files.open(file, true);
    long second = files.open(file, false);
    files.remember(file);
    files.unlink(ROOT, name("a"));
    assertEquals(0, files.getAttributes(file).linkCount());
    volume.write(file, 7, name(" grows"));
    assertEquals("content grows", volume.text(file));
    assertErrno(Errno.ENOENT, () -> files.link(file, ROOT, name("b")));
    files.release(first);
    files.forget(file, 1);
    assertEquals("content grows", volume.text(file));
    files.release(second);
    assertErrno(Errno.ENOENT, () -> files.getAttributes(file));
    assertErrno(Errno.EBADF, () -> files.release(second));
  }

  @Test
  void replacedFileLivesWhileInUse() throws IOException {
    long a = volume.file("a", "new");
    long b = volume.file("b", "old");
    long handle = files.open(b, false);
    files.rename(ROOT, name("a"), ROOT, name("b"), 0);
    assertEquals("old", volume.text(b));
    assertEquals(a, volume.lookup(ROOT, "b").inode());
    files.release(handle);
    assertErrno(Errno.ENOENT, () -> files.getAttributes(b));
  }

  @Test
  void unlinkedFilesInUseGoWhenTheVolumeIsOpenedAgain() throws IOException {
    long before = volume.usedBytes();
    long file = volume.file("a", "content");
    files.open(file, true);
    files.unlink(ROOT, name("a"));
    volume.reopenAfterCommit();
    assertErrno(Errno.ENOENT, () -> volume.files.getAttributes(file));
    assertEquals(before, volume.usedBytes());
    volume.reopen();
    assertErrno(Errno.ENOENT, () -> volume.files.getAttributes(file));
  }

  @Test
  void openMindsTypes() throws IOException {
    assertErrno(Errno.EISDIR, () -> files.open(ROOT, false));
    assertErrno(Errno.ENOENT, () -> files.open(99, false));
    long file = volume.file(ROOT, "a");
    assertErrno(Errno.ENOTDIR, () -> files.openDirectory(file));
    assertErrno(Errno.EBADF, () -> files.readDirectory(12345, 0, 1));
  }
}
