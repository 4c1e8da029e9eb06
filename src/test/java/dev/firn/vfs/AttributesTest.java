package dev.firn.vfs;

import static dev.firn.vfs.NamespaceTest.assertErrno;
import static dev.firn.vfs.TestVolume.ROOT;
import static dev.firn.vfs.TestVolume.name;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.firn.base.Bytes;
import dev.firn.base.Sizes;
import dev.firn.vfs.SetAttributes.TimeChange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Modes, owners, times, extended attributes and access control lists. */
class AttributesTest {
  /** A clock that stands still until it is set. */
  private static final class SetClock extends Clock {
    private Instant now = Instant.ofEpochSecond(1000, 1);

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public java.time.ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(java.time.ZoneId zone) {
      return this;
    }
  }

  @TempDir Path directory;
  private final SetClock clock = new SetClock();
  private TestVolume volume;
  private VolumeFileSystem files;
  private long file;

  @BeforeEach
  void createVolume() throws IOException {
    volume = new TestVolume(directory, Sizes.GIB, clock);
    files = volume.files;
    file = volume.file("file", "content");
  }

  @AfterEach
  void closeVolume() throws IOException {
    assertEquals(volume.countedBytes(), volume.usedBytes(), "used bytes are exact");
    volume.close();
  }

  /** Times as text: access, modify, change, in seconds. */
  private String times(long inode) throws IOException {
    Attributes found = volume.files.getAttributes(inode);
    return found.accessSeconds() + " " + found.modifySeconds() + " " + found.changeSeconds();
  }

  private void at(long seconds) {
    clock.now = Instant.ofEpochSecond(seconds, 5);
  }

  @Test
  void operationsUpdateTheTimesTheyMust() throws IOException {
    long other = volume.directory(ROOT, "d");
    at(2000);
    volume.write(file, 0, new byte[1]);
    assertEquals("1000 2000 2000", times(file));
    assertEquals("1000 1000 1000", times(ROOT));
    at(2001);
    files.setAttributes(file, SetAttributes.mode(0600));
    assertEquals("1000 2000 2001", times(file));
    at(2002);
    files.setAttributes(file, SetAttributes.size(3));
    assertEquals("1000 2002 2002", times(file));
    at(2003);
    files.link(file, other, name("link"));
    assertEquals("1000 2002 2003", times(file));
    assertEquals("1000 2003 2003", times(other));
    at(2004);
    files.rename(ROOT, name("file"), other, name("new"), 0);
    assertEquals("1000 2002 2004", times(file));
    assertEquals("1000 2004 2004", times(ROOT));
    assertEquals("1000 2004 2004", times(other));
    at(2005);
    files.unlink(other, name("link"));
    assertEquals("1000 2002 2005", times(file));
    assertEquals("1000 2005 2005", times(other));
    at(2006);
    files.setXattr(file, name("user.a"), new byte[1], 0);
    assertEquals("1000 2002 2006", times(file));
    at(2007);
    TestVolume.read(files, file, 0, 3);
    TestVolume.list(files, other, 3);
    assertEquals("1000 2002 2006", times(file));
    volume.reopen();
    assertEquals("1000 2002 2006", times(file));
    assertEquals("1000 2005 2005", times(other));
    assertEquals(5, volume.files.getAttributes(file).changeNanos());
  }

  @Test
  void timesAreSetToTheNanosecond() throws IOException {
    at(3000);
    files.setAttributes(
        file, SetAttributes.times(TimeChange.at(-5, 999_999_999), TimeChange.at(1L << 33, 1)));
    volume.reopen();
    Attributes found = volume.files.getAttributes(file);
    assertEquals(-5, found.accessSeconds());
    assertEquals(999_999_999, found.accessNanos());
    assertEquals(1L << 33, found.modifySeconds());
    assertEquals(1, found.modifyNanos());
    assertEquals(3000, found.changeSeconds());
    SetAttributes farthest =
        new SetAttributes(
            null,
            null,
            null,
            null,
            TimeChange.at(Long.MIN_VALUE, 0),
            TimeChange.at(Long.MAX_VALUE, 999_999_999),
            TimeChange.at(-1, 999_999_999));
    Attributes kept = volume.files.setAttributes(file, farthest);
    assertEquals(kept, volume.files.getAttributes(file));
    volume.reopen();
    assertEquals(kept, volume.files.getAttributes(file));
    assertEquals(Long.MIN_VALUE + " " + Long.MAX_VALUE + " -1", times(file));
    assertEquals(999_999_999, kept.modifyNanos());
    assertEquals(999_999_999, kept.changeNanos());
    for (int nanos : new int[] {-1, 1_000_000_000}) {
      TimeChange bad = TimeChange.at(0, nanos);
      assertErrno(
          Errno.EINVAL, () -> volume.files.setAttributes(file, SetAttributes.times(null, bad)));
    }
    at(3001);
    volume.files.setAttributes(
        file, SetAttributes.times(TimeChange.NOW, TimeChange.at(1L << 33, 0)));
    assertEquals("3001 " + (1L << 33) + " 3001", times(file));
  }

  @Test
  void changesThatChangeNothingUpdateTimesAsPosixSays() throws IOException {
    at(2000);
    volume.write(file, 3, new byte[0]);
    files.copyRange(file, 100, file, 200, 10);
    assertEquals("1000 1000 1000", times(file), "nothing was written");
    at(2001);
    files.setAttributes(file, SetAttributes.size(7));
    assertEquals("1000 2001 2001", times(file), "truncated to the size it had");
    at(2002);
    files.setAttributes(file, SetAttributes.mode(0644));
    assertEquals("1000 2001 2002", times(file));
    at(2003);
    files.setAttributes(file, SetAttributes.owner(0, 0));
    assertEquals("1000 2001 2003", times(file));
    at(2004);
    files.setXattr(file, name("user.a"), new byte[1], 0);
    at(2005);
    files.removeXattr(file, name("user.a"));
    assertEquals("1000 2001 2005", times(file));
    at(2006);
    files.link(file, ROOT, name("link"));
    at(2007);
    files.rename(ROOT, name("file"), ROOT, name("link"), 0);
    assertEquals("1000 2001 2006", times(file), "two names of one file: nothing happens");
    assertEquals("1000 2006 2006", times(ROOT));
  }

  @Test
  void renamingUpdatesAllThatTakePart() throws IOException {
    long from = volume.directory(ROOT, "from");
    long to = volume.directory(ROOT, "to");
    long moved = volume.directory(from, "moved");
    long replaced = volume.directory(to, "replaced");
    files.remember(replaced);
    at(2000);
    files.rename(from, name("moved"), to, name("replaced"), 0);
    assertEquals("1000 1000 2000", times(moved));
    assertEquals("1000 1000 2000", times(replaced));
    assertEquals("1000 2000 2000", times(from));
    assertEquals("1000 2000 2000", times(to));
    assertEquals("1000 1000 1000", times(ROOT));
    at(2001);
    files.rename(to, name("replaced"), ROOT, name("file"), FileSystem.RENAME_EXCHANGE);
    assertEquals("1000 1000 2001", times(moved));
    assertEquals("1000 1000 2001", times(file));
    assertEquals("1000 2001 2001", times(to));
    assertEquals("1000 2001 2001", times(ROOT));
    files.forget(replaced, 1);
  }

  @Test
  void allocationUpdatesTimes() throws IOException {
    at(2000);
    files.allocate(file, 1, 0, 10);
    assertEquals("1000 2000 2000", times(file));
    at(2001);
    files.allocate(file, 3, 0, 10);
    assertEquals("1000 2001 2001", times(file));
    at(2002);
    long copy = volume.file(ROOT, "copy");
    at(2003);
    files.copyRange(file, 0, copy, 0, 7);
    assertEquals("2002 2003 2003", times(copy));
    assertEquals("1000 2001 2001", times(file));
  }

  @Test
  void explicitModifyTimeWinsOverTruncation() throws IOException {
    at(3000);
    files.setAttributes(file, new SetAttributes(null, null, null, 1L, null, TimeChange.at(77, 0)));
    assertEquals("1000 77 3000", times(file));
    assertEquals(1, files.getAttributes(file).sizeBytes());
  }

  @Test
  void chmodAndChownChangeOnlyWhatTheyName() throws IOException {
    files.setAttributes(file, SetAttributes.mode(06755));
    assertEquals(FileMode.REGULAR | 06755, files.getAttributes(file).mode());
    files.setAttributes(file, SetAttributes.owner(5, null));
    assertEquals(5, files.getAttributes(file).uid());
    assertEquals(0, files.getAttributes(file).gid());
    assertEquals(FileMode.REGULAR | 0755, files.getAttributes(file).mode(), "lost its rights");
    files.setAttributes(file, new SetAttributes(04755, 6, 7, null, null, null));
    assertEquals(FileMode.REGULAR | 04755, files.getAttributes(file).mode());
    files.setAttributes(ROOT, SetAttributes.mode(03777));
    files.setAttributes(ROOT, SetAttributes.owner(1, 1));
    assertEquals(FileMode.DIRECTORY | 03777, files.getAttributes(ROOT).mode());
  }

  @Test
  void privilegesAreDropped() throws IOException {
    byte[] capability = Xattrs.CAPABILITY_NAME;
    files.setAttributes(file, SetAttributes.mode(06755));
    files.setXattr(file, capability, new byte[20], 0);
    files.setXattr(file, name("user.kept"), new byte[1], 0);
    at(2000);
    files.dropPrivileges(file);
    assertEquals(FileMode.REGULAR | 0755, files.getAttributes(file).mode());
    assertEquals(List.of("user.kept"), xattrNames(file));
    assertEquals("1000 1000 2000", times(file));
    at(2001);
    files.dropPrivileges(file);
    assertEquals("1000 1000 2000", times(file), "nothing to do changes nothing");

    files.setAttributes(file, SetAttributes.mode(06745));
    files.dropPrivileges(file);
    assertEquals(FileMode.REGULAR | 02745, files.getAttributes(file).mode(), "no group execution");
    files.setXattr(file, capability, new byte[20], 0);
    files.dropPrivileges(file);
    assertEquals(List.of("user.kept"), xattrNames(file));

    files.setAttributes(ROOT, SetAttributes.mode(06777));
    files.setXattr(ROOT, capability, new byte[20], 0);
    files.dropPrivileges(ROOT);
    assertEquals(FileMode.DIRECTORY | 06777, files.getAttributes(ROOT).mode());
    assertEquals(1, files.listXattrs(ROOT).size());
    assertErrno(Errno.ENOENT, () -> files.dropPrivileges(99));
    assertErrno(Errno.EROFS, () -> volume.freeze().dropPrivileges(file));
    volume.reopen();
    assertEquals(List.of("user.kept"), xattrNames(file));
  }

  @Test
  void chownTakesCapabilities() throws IOException {
    for (SetAttributes change :
        List.of(
            SetAttributes.owner(0, null),
            SetAttributes.owner(null, 0),
            new SetAttributes(0755, 0, null, null, null, null))) {
      files.setXattr(file, Xattrs.CAPABILITY_NAME, new byte[20], 0);
      files.setAttributes(file, SetAttributes.mode(0700));
      assertEquals(1, files.listXattrs(file).size());
      files.setAttributes(file, change);
      assertEquals(List.of(), xattrNames(file));
    }
  }

  private List<String> xattrNames(long inode) throws IOException {
    return volume.files.listXattrs(inode).stream().map(Bytes::text).collect(Collectors.toList());
  }

  @Test
  void xattrsKeepValuesOfAllSizes() throws IOException {
    int[] sizes = {0, 1, 4095, 4096, 4097, 8192, 65_536};
    for (int size : sizes) {
      byte[] value = new byte[size];
      Arrays.fill(value, (byte) size);
      files.setXattr(file, name("user." + size), value, 0);
    }
    byte[] longName = new byte[255];
    Arrays.fill(longName, (byte) 0xfe);
    files.setXattr(file, longName, new byte[] {1}, 0);
    volume.reopen();
    for (int size : sizes) {
      byte[] value = volume.files.getXattr(file, name("user." + size));
      assertEquals(size, value.length);
      assertEquals(size == 0 ? 0 : (byte) size, size == 0 ? 0 : value[size - 1]);
    }
    assertArrayEquals(new byte[] {1}, volume.files.getXattr(file, longName));
    assertEquals(sizes.length + 1, volume.files.listXattrs(file).size());
    FrozenFileSystem frozen = volume.freeze();
    assertEquals(65_536, frozen.getXattr(file, name("user.65536")).length);
    assertEquals(sizes.length + 1, frozen.listXattrs(file).size());
    for (int size : sizes) {
      volume.files.setXattr(file, name("user." + size), new byte[] {7}, 0);
      assertArrayEquals(new byte[] {7}, volume.files.getXattr(file, name("user." + size)));
      volume.files.removeXattr(file, name("user." + size));
    }
    volume.files.removeXattr(file, longName);
    assertEquals(List.of(), volume.files.listXattrs(file));
  }

  @Test
  void xattrErrnosAreThoseOfLinux() throws IOException {
    byte[] a = name("user.a");
    assertErrno(Errno.ENODATA, () -> files.getXattr(file, a));
    assertErrno(Errno.ENODATA, () -> files.removeXattr(file, a));
    assertErrno(Errno.ENODATA, () -> files.setXattr(file, a, a, FileSystem.XATTR_REPLACE));
    files.setXattr(file, a, a, FileSystem.XATTR_CREATE);
    assertErrno(Errno.EEXIST, () -> files.setXattr(file, a, a, FileSystem.XATTR_CREATE));
    files.setXattr(file, a, name("b"), FileSystem.XATTR_REPLACE);
    assertArrayEquals(name("b"), files.getXattr(file, a));
    assertErrno(Errno.ENODATA, () -> files.getXattr(file, name("user.aa")));
    assertErrno(Errno.E2BIG, () -> files.setXattr(file, a, new byte[65_537], 0));
    assertErrno(Errno.ERANGE, () -> files.setXattr(file, new byte[256], a, 0));
    assertErrno(Errno.EINVAL, () -> files.setXattr(file, a, a, 3));
    assertErrno(Errno.ENOENT, () -> files.getXattr(99, a));
  }

  @Test
  void xattrsGoWithTheirInode() throws IOException {
    files.setXattr(file, name("user.a"), new byte[5000], 0);
    files.unlink(ROOT, name("file"));
    files.syncAll();
    assertEquals(
        false,
        volume.map.read(
            view -> {
              var cursor = view.cursor(Keys.inode(file));
              return cursor.next() && Keys.inodeOf(cursor.key()) == file;
            }),
        "no key of the inode is left");
  }

  static byte[] acl(int... tagPermissionsId) {
    ByteBuffer value =
        ByteBuffer.allocate(4 + 8 * tagPermissionsId.length / 3).order(ByteOrder.LITTLE_ENDIAN);
    value.putInt(2);
    for (int i = 0; i < tagPermissionsId.length; i += 3) {
      value.putShort((short) tagPermissionsId[i]);
      value.putShort((short) tagPermissionsId[i + 1]);
      value.putInt(tagPermissionsId[i + 2]);
    }
    return value.array();
  }

  @Test
  void accessListAndModeFollowEachOther() throws IOException {
    byte[] list = acl(1, 6, -1, 2, 7, 500, 4, 4, -1, 0x10, 5, -1, 0x20, 0, -1);
    files.setXattr(file, PosixAcl.ACCESS_NAME, list, 0);
    assertEquals(FileMode.REGULAR | 0650, files.getAttributes(file).mode(), "group shows mask");
    files.setAttributes(file, SetAttributes.mode(0741));
    assertArrayEquals(
        acl(1, 7, -1, 2, 7, 500, 4, 4, -1, 0x10, 4, -1, 0x20, 1, -1),
        files.getXattr(file, PosixAcl.ACCESS_NAME));

    files.setXattr(file, PosixAcl.ACCESS_NAME, acl(1, 6, -1, 4, 4, -1, 0x20, 4, -1), 0);
    assertEquals(FileMode.REGULAR | 0644, files.getAttributes(file).mode());
    assertEquals(List.of(), xattrNames(file), "a list that a mode can say is none");
  }

  @Test
  void brokenListsAreRefused() throws IOException {
    byte[][] broken = {
      new byte[3],
      new byte[4],
      acl(1, 6, -1),
      acl(1, 6, -1, 4, 4, -1, 0x20, 8, -1),
      acl(4, 4, -1, 1, 6, -1, 0x20, 4, -1),
      acl(1, 6, -1, 1, 6, -1, 4, 4, -1, 0x20, 4, -1),
      acl(1, 6, -1, 2, 6, 500, 4, 4, -1, 0x20, 4, -1),
      acl(1, 6, -1, 4, 4, -1, 3, 4, -1, 0x20, 4, -1),
    };
    for (byte[] value : broken) {
      assertErrno(Errno.EINVAL, () -> files.setXattr(file, PosixAcl.ACCESS_NAME, value, 0));
    }
    byte[] fine = acl(1, 6, -1, 4, 4, -1, 0x20, 4, -1);
    assertErrno(Errno.EACCES, () -> files.setXattr(file, PosixAcl.DEFAULT_NAME, fine, 0));
  }

  @Test
  void newInodesInheritTheDefaultList() throws IOException {
    long parent = volume.directory(ROOT, "d");
    byte[] list = acl(1, 7, -1, 2, 7, 500, 4, 5, -1, 0x10, 7, -1, 0x20, 0, -1);
    files.setXattr(parent, PosixAcl.DEFAULT_NAME, list, 0);
    assertEquals(FileMode.DIRECTORY | 0755, files.getAttributes(parent).mode());
    Attributes child = files.makeNode(parent, name("f"), FileMode.REGULAR | 0664, 0, 0, 0);
    assertEquals(FileMode.REGULAR | 0660, child.mode());
    assertArrayEquals(
        acl(1, 6, -1, 2, 7, 500, 4, 5, -1, 0x10, 6, -1, 0x20, 0, -1),
        files.getXattr(child.inode(), PosixAcl.ACCESS_NAME));
    assertErrno(Errno.ENODATA, () -> files.getXattr(child.inode(), PosixAcl.DEFAULT_NAME));
    long inner = volume.directory(parent, "inner");
    assertArrayEquals(list, files.getXattr(inner, PosixAcl.DEFAULT_NAME));
    assertEquals(FileMode.DIRECTORY | 0750, files.getAttributes(inner).mode());
    long link = files.makeSymbolicLink(parent, name("l"), name("f"), 0, 0).inode();
    assertEquals(List.of(), xattrNames(link));
    files.setXattr(parent, PosixAcl.DEFAULT_NAME, acl(), 0);
    assertEquals(List.of(), xattrNames(parent));
  }

  @Test
  void statusCountsBytesAndInodes() throws IOException {
    FileSystemStatus before = files.status();
    assertEquals(Sizes.GIB, before.totalBytes());
    long other = volume.file("other", "x");
    volume.write(other, 0, new byte[] {1, 2});
    FileSystemStatus after = files.status();
    assertEquals(512 + 4096, before.freeBytes() - after.freeBytes());
    assertEquals(
        before.inodesTotal() - before.inodesFree() + 1, after.inodesTotal() - after.inodesFree());
    assertNotEquals(0, after.inodesFree());
    assertEquals(after, volume.freeze().status());
  }
}
