package dev.firn.snapshot;

import static dev.firn.snapshot.Files.answers;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.Bytes;
import dev.firn.base.Sizes;
import dev.firn.region.Region;
import dev.firn.region.VolumeRequest;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.DirectoryEntry;
import dev.firn.vfs.Errno;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.SetAttributes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotViewTest {
  private static final long ROOT = FileSystem.ROOT_INODE;

  @TempDir Path directory;
  private Region region;
  private FileSystem view;
  private Files files;

  @BeforeEach
  void open() throws IOException {
    region = Region.open(directory.resolve("home"));
    region.createVolume(VolumeRequest.empty("data", Sizes.GIB));
    view = region.openVolume("data", false);
    files = new Files(view);
  }

  @AfterEach
  void close() throws IOException {
    view.close();
    region.close();
  }

  private void reopen(boolean showSnapshots) throws IOException {
    view.close();
    view = region.openVolume("data", showSnapshots);
    files = new Files(view);
  }

  private static byte[] bytes(String text) {
    return Bytes.utf8(text);
  }

  @Test
  void directoryIsHiddenButReachable() throws IOException {
    Attributes attributes = files.attributes(".snapshots");
    assertEquals(2, attributes.inode());
    assertEquals(FileMode.DIRECTORY | 0755, attributes.mode());
    assertEquals(attributes, view.getAttributes(2));
    assertEquals(List.of(), files.names(""));
    assertEquals(List.of(), files.names(".snapshots"));
    files.write("a", "x");
    assertEquals(List.of("a"), files.names(""));
    reopen(true);
    assertEquals(List.of(".snapshots", "a"), files.names(""));
    DirectoryEntry shown =
        files.entries("").stream()
            .filter(entry -> Bytes.text(entry.name()).equals(".snapshots"))
            .findAny()
            .orElseThrow();
    assertEquals(2, shown.inode());
    assertEquals(FileMode.DIRECTORY, shown.type());
    assertNotEquals(0, shown.cookie());
  }

  @Test
  void ownerOfTheRootOwnsTheDirectory() throws IOException {
    view.setAttributes(ROOT, SetAttributes.owner(7, 8));
    assertEquals(7, view.getAttributes(2).uid());
    assertEquals(8, view.getAttributes(2).gid());
  }

  @Test
  void makingADirectoryTakesASnapshotAndRemovingItDeletesIt() throws IOException {
    files.write("a", "one");
    files.makeDirectory("d");
    files.write("d/b", "deep");
    Attributes made = view.makeDirectory(2, bytes("first"), 0755, 0, 0);
    Snapshot taken = region.snapshot("data@first");
    assertEquals(SnapshotState.COMPLETED, taken.state());
    assertEquals(taken.number() << 40 | 1, made.inode());
    assertTrue(made.isDirectory());
    files.write("a", "two");
    files.unlink("d/b");
    assertEquals("one", files.read(".snapshots/first/a"));
    assertEquals("deep", files.read(".snapshots/first/d/b"));
    assertEquals(List.of("a", "d"), files.names(".snapshots/first"));
    files.makeDirectory(".snapshots/second");
    assertEquals(List.of("first", "second"), files.names(".snapshots"));
    assertEquals(List.of("a", "d"), files.names(".snapshots/second"));
    assertEquals(List.of(), files.names(".snapshots/second/d"));

    files.removeDirectory(".snapshots/first");
    assertEquals(List.of("second"), files.names(".snapshots"));
    assertFalse(files.exists(".snapshots/first"));
    assertEquals(1, region.snapshots("data").size());
    assertEquals("two", files.read(".snapshots/second/a"));
    answers(Errno.ESTALE, () -> view.getAttributes(made.inode()));
  }

  @Test
  void snapshotsTakenElsewhereAppearAndDisappear() throws IOException {
    files.write("a", "x");
    Snapshot unnamed = region.createSnapshot("data", null, null, Map.of());
    region.createSnapshot("data", "n", null, Map.of());
    region.createVolume(VolumeRequest.empty("other", Sizes.GIB));
    region.createSnapshot("other", "theirs", null, Map.of());
    assertEquals(List.of("n", unnamed.id()), files.names(".snapshots"));
    assertEquals("x", files.read(".snapshots/" + unnamed.id() + "/a"));
    assertFalse(files.exists(".snapshots/theirs"));
    assertFalse(files.exists(".snapshots/" + region.snapshot("n").id()), "one path each");
    region.deleteSnapshots(List.of("n"));
    assertEquals(List.of(unnamed.id()), files.names(".snapshots"));
    assertFalse(files.exists(".snapshots/n"));
    files.removeDirectory(".snapshots/" + unnamed.id());
    assertEquals(1, region.snapshots(null).size());
  }

  @Test
  void namesOfSnapshotDirectoriesAreChecked() throws IOException {
    files.makeDirectory(".snapshots/a");
    answers(Errno.EEXIST, () -> files.makeDirectory(".snapshots/a"));
    for (String bad : List.of("last", "-1", ".x", "a@b", "snap-01234567", "x".repeat(129), "\n")) {
      answers(Errno.EINVAL, () -> view.makeDirectory(2, bytes(bad), 0755, 0, 0));
    }
    answers(Errno.EINVAL, () -> view.makeDirectory(2, new byte[] {(byte) 0xff, 'a'}, 0755, 0, 0));
    answers(Errno.ENOENT, () -> view.lookup(2, new byte[] {(byte) 0xff, 'a'}));
    answers(Errno.ENOENT, () -> view.removeDirectory(2, bytes("nope")));
    answers(Errno.ENOENT, () -> view.removeDirectory(2, new byte[] {(byte) 0xff}));
    answers(Errno.ENOENT, () -> view.lookup(2, bytes("nope")));
    assertEquals(1, region.snapshots(null).size());
    files.makeDirectory(".snapshots/2026-01-01T12:00:00+00:00 é");
  }

  @Test
  void nothingElseTakesTheDirectorysName() throws IOException {
    byte[] name = bytes(".snapshots");
    long file = files.write("a", "x");
    answers(Errno.EEXIST, () -> view.makeDirectory(ROOT, name, 0755, 0, 0));
    answers(Errno.EEXIST, () -> view.makeNode(ROOT, name, Files.FILE, 0, 0, 0));
    answers(Errno.EEXIST, () -> view.makeSymbolicLink(ROOT, name, name, 0, 0));
    answers(Errno.EEXIST, () -> view.link(file, ROOT, name));
    answers(Errno.EBUSY, () -> view.rename(ROOT, bytes("a"), ROOT, name, 0));
    answers(Errno.EBUSY, () -> view.rename(ROOT, name, ROOT, bytes("b"), 0));
    answers(Errno.EPERM, () -> view.unlink(ROOT, name));
    answers(Errno.EBUSY, () -> view.removeDirectory(ROOT, name));
    files.makeDirectory("d");
    files.makeDirectory("d/.snapshots");
    assertNotEquals(2, files.inode("d/.snapshots"));
  }

  @Test
  void nothingBelowChanges() throws IOException {
    long live = files.write("a", "one");
    files.makeDirectory("d");
    files.makeDirectory(".snapshots/s");
    long frozen = files.inode(".snapshots/s/a");
    long root = files.inode(".snapshots/s");
    for (long parent : new long[] {2, root, files.inode(".snapshots/s/d")}) {
      answers(Errno.EROFS, () -> view.makeNode(parent, bytes("x"), Files.FILE, 0, 0, 0));
      answers(Errno.EROFS, () -> view.makeSymbolicLink(parent, bytes("x"), bytes("y"), 0, 0));
      answers(Errno.EROFS, () -> view.unlink(parent, bytes("a")));
      answers(Errno.EROFS, () -> view.link(live, parent, bytes("x")));
      answers(Errno.EROFS, () -> view.rename(parent, bytes("s"), ROOT, bytes("x"), 0));
      answers(Errno.EROFS, () -> view.rename(ROOT, bytes("a"), parent, bytes("x"), 0));
      answers(Errno.EROFS, () -> view.rename(parent, bytes("s"), parent, bytes("x"), 0));
      answers(Errno.EROFS, () -> view.setAttributes(parent, SetAttributes.mode(0700)));
      answers(Errno.EROFS, () -> view.setXattr(parent, bytes("user.x"), bytes("y"), 0));
      answers(Errno.EROFS, () -> view.removeXattr(parent, bytes("user.x")));
    }
    answers(Errno.EROFS, () -> view.makeDirectory(root, bytes("x"), 0755, 0, 0));
    answers(Errno.EROFS, () -> view.removeDirectory(root, bytes("d")));
    answers(Errno.EROFS, () -> view.open(frozen, true));
    answers(Errno.EROFS, () -> view.write(frozen, 0, ByteBuffer.wrap(bytes("x"))));
    answers(Errno.EROFS, () -> view.allocate(frozen, 0, 0, 10));
    answers(Errno.EROFS, () -> view.copyRange(live, 0, frozen, 0, 1));
    answers(Errno.EROFS, () -> view.copyRange(frozen, 0, frozen, 10, 1));
    answers(Errno.EISDIR, () -> view.copyRange(2, 0, live, 0, 1));
    answers(Errno.EISDIR, () -> view.copyRange(root, 0, live, 0, 1));
    answers(Errno.EXDEV, () -> view.link(frozen, ROOT, bytes("x")));
    answers(Errno.EISDIR, () -> view.open(2, false));
    answers(Errno.EISDIR, () -> view.read(2, 0, ByteBuffer.allocate(1)));
    answers(Errno.EINVAL, () -> view.readLink(2));
    answers(Errno.ENODATA, () -> view.getXattr(2, bytes("user.x")));
    assertEquals(List.of(), view.listXattrs(2));
    view.sync(frozen);
    view.sync(2);
    view.syncAll();
    assertEquals("one", files.read(".snapshots/s/a"));
  }

  @Test
  void inodeNumbersOfSnapshotsDiffer() throws IOException {
    long live = files.write("a", "x");
    view.setXattr(live, bytes("user.k"), bytes("v"), 0);
    view.makeSymbolicLink(ROOT, bytes("l"), bytes("target"), 0, 0);
    files.makeDirectory(".snapshots/s");
    files.makeDirectory(".snapshots/t");
    long s = region.snapshot("s").number();
    long t = region.snapshot("t").number();
    assertEquals(s << 40 | live, files.inode(".snapshots/s/a"));
    assertEquals(t << 40 | live, files.inode(".snapshots/t/a"));
    for (DirectoryEntry entry : files.entries(".snapshots/s")) {
      if (!Bytes.text(entry.name()).equals("..")) {
        assertEquals(
            entry.inode(), view.lookup(s << 40 | 1, entry.name()).inode(), "as readdir says");
      }
    }
    long inode = files.inode(".snapshots/s/a");
    assertEquals("v", Bytes.text(view.getXattr(inode, bytes("user.k"))));
    assertEquals(1, view.listXattrs(inode).size());
    assertEquals("target", Bytes.text(view.readLink(files.inode(".snapshots/s/l"))));
    assertEquals(0, view.seek(inode, 0, false));
    assertEquals(files.attributes("a").modifyNanos(), view.getAttributes(inode).modifyNanos());
  }

  @Test
  void dotsLeadUpAcrossTheSeams() throws IOException {
    files.makeDirectory("d");
    files.makeDirectory(".snapshots/s");
    long root = files.inode(".snapshots/s");
    long inside = files.inode(".snapshots/s/d");
    assertEquals(List.of(2L, ROOT), dots(".snapshots"));
    assertEquals(List.of(root, 2L), dots(".snapshots/s"));
    assertEquals(List.of(inside, root), dots(".snapshots/s/d"));
    assertEquals(List.of(ROOT, ROOT), dots(""));
    for (String path : List.of("", ".snapshots", ".snapshots/s", ".snapshots/s/d")) {
      long at = files.inode(path);
      assertEquals(dots(path).get(0), view.lookup(at, bytes(".")).inode());
      assertEquals(dots(path).get(1), view.lookup(at, bytes("..")).inode());
    }
  }

  private List<Long> dots(String path) throws IOException {
    List<DirectoryEntry> entries = files.entries(path);
    assertEquals(".", Bytes.text(entries.get(0).name()));
    assertEquals("..", Bytes.text(entries.get(1).name()));
    return List.of(entries.get(0).inode(), entries.get(1).inode());
  }

  @Test
  void openListingsHaveNothingNewAndNothingGone() throws IOException {
    for (String name : List.of("a", "b", "c")) {
      files.makeDirectory(".snapshots/" + name);
    }
    long handle = view.openDirectory(2);
    List<DirectoryEntry> first = view.readDirectory(handle, 0, 3);
    assertEquals(3, first.size());
    files.removeDirectory(".snapshots/a");
    files.removeDirectory(".snapshots/b");
    files.makeDirectory(".snapshots/a");
    List<DirectoryEntry> rest = view.readDirectory(handle, first.get(2).cookie(), 100);
    assertEquals(List.of("c"), rest.stream().map(e -> Bytes.text(e.name())).toList());
    assertEquals(List.of(), view.readDirectory(handle, rest.get(0).cookie(), 100));
    List<DirectoryEntry> again = view.readDirectory(handle, 0, 100);
    assertEquals(
        List.of(".", "..", "c", "a"), again.stream().map(e -> Bytes.text(e.name())).toList());
    for (DirectoryEntry entry : again) {
      List<DirectoryEntry> one = view.readDirectory(handle, before(again, entry), 1);
      assertEquals(List.of(entry.cookie()), one.stream().map(DirectoryEntry::cookie).toList());
    }
    view.releaseDirectory(handle);
    answers(Errno.EBADF, () -> view.readDirectory(handle, 0, 1));
    answers(Errno.EBADF, () -> view.releaseDirectory(handle));
  }

  /** Where a listing has to go on for this to be its next entry. */
  private static long before(List<DirectoryEntry> listing, DirectoryEntry entry) {
    int index = listing.indexOf(entry);
    return index == 0 ? 0 : listing.get(index - 1).cookie();
  }

  @Test
  void openFilesAndRememberedInodesDeferDeletion() throws Exception {
    files.write("a", "text");
    files.makeDirectory(".snapshots/s");
    long inode = files.inode(".snapshots/s/a");
    long handle = view.open(inode, false);
    view.remember(inode);
    view.remember(inode);
    files.removeDirectory(".snapshots/s");
    assertFalse(files.exists(".snapshots/s"));
    assertEquals(SnapshotState.DELETING, region.snapshots("data").get(0).state());
    files.makeDirectory(".snapshots/s");
    view.release(handle);
    answers(Errno.EBADF, () -> view.release(handle));
    view.forget(inode, 1);
    ByteBuffer target = ByteBuffer.allocate(10);
    assertEquals(4, view.read(inode, 0, target));
    assertEquals(2, region.snapshots("data").size());
    view.forget(inode, 1);
    while (region.snapshots("data").size() > 1) {
      Thread.sleep(5);
    }
    answers(Errno.ESTALE, () -> view.getAttributes(inode));
    view.forget(inode, 1);
    view.remember(inode);
  }

  @Test
  void onlyTheDirectoryOfSnapshotsChangesUnseen() throws IOException {
    files.makeDirectory(".snapshots/s");
    assertTrue(view.changesUnseen(2));
    assertFalse(view.changesUnseen(ROOT));
    assertFalse(view.changesUnseen(files.inode(".snapshots/s")));
  }

  @Test
  void kernelForgetsSnapshotsThatOthersTakeAndDelete() throws IOException {
    FakeKernelCache cache = new FakeKernelCache(() -> {});
    view.cachedBy(cache);
    region.createSnapshot("data", "cli", null, Map.of());
    Snapshot unnamed = region.createSnapshot("data", null, null, Map.of());
    files.makeDirectory(".snapshots/kernel");
    assertEquals(List.of("2/cli", "2/" + unnamed.id()), cache.forgotten(), "its own it knows");
    region.createVolume(VolumeRequest.empty("other", Sizes.GIB));
    region.createSnapshot("other", "theirs", null, Map.of());
    region.deleteSnapshots(List.of("theirs", "cli"));
    region.deleteSnapshots(List.of("kernel"));
    files.removeDirectory(".snapshots/" + unnamed.id());
    assertEquals(
        List.of("2/cli", "2/" + unnamed.id(), "2/cli", "2/kernel", "2/" + unnamed.id()),
        cache.forgotten());
    answers(Errno.EINVAL, () -> files.makeDirectory(".snapshots/-"));
    region.createSnapshot("data", "again", null, Map.of());
    assertEquals(6, cache.forgotten().size());
    view.cachedBy(null);
    region.deleteSnapshots(List.of("again"));
    assertEquals(6, cache.forgotten().size(), "it holds nothing any more");
  }

  @Test
  void whatTheKernelWritesBackIsInTheSnapshot() throws IOException {
    view.cachedBy(new FakeKernelCache(() -> files.write("a", "written back")));
    files.makeDirectory(".snapshots/with");
    assertEquals("written back", files.read(".snapshots/with/a"));
    files.unlink("a");
    view.cachedBy(null);
    files.makeDirectory(".snapshots/without");
    assertFalse(files.exists(".snapshots/without/a"));
  }

  @Test
  void deletionIsNotHeldBackByWhatTheKernelRemembers() throws Exception {
    files.write("a", "text");
    files.makeDirectory(".snapshots/s");
    long inode = files.inode(".snapshots/s/a");
    ExecutorService kernel = Executors.newSingleThreadExecutor();
    try {
      view.cachedBy(
          new FakeKernelCache(
              () -> {},
              name ->
                  kernel.execute(
                      () -> {
                        try {
                          view.forget(inode, 3);
                        } catch (IOException e) {
                          throw new UncheckedIOException(e);
                        }
                      })));
      for (int i = 0; i < 3; i++) {
        view.remember(inode);
      }
      region.deleteSnapshots(List.of("s"));
      while (!region.snapshots("data").isEmpty()) {
        Thread.sleep(5);
      }
      answers(Errno.ESTALE, () -> view.getAttributes(inode));
    } finally {
      kernel.shutdown();
    }
  }

  @Test
  void copyingOutOfASnapshotSharesExtents() throws IOException {
    String content = "0123456789abcdef".repeat(50_000);
    long live = files.write("a", content);
    view.write(live, 1_000_000, ByteBuffer.wrap(bytes("behind a hole")));
    files.makeDirectory(".snapshots/s");
    long frozen = files.inode(".snapshots/s/a");
    files.write("a", "");
    long used = view.status().totalBytes() - view.status().freeBytes();

    // Nothing of the snapshot needs to have reached the disk yet.
    assertEquals(1_000_013, view.copyRange(frozen, 0, live, 0, Long.MAX_VALUE >> 1));
    assertEquals(files.read(".snapshots/s/a"), files.read("a"));
    long charged = view.status().totalBytes() - view.status().freeBytes() - used;
    assertTrue(charged > 800_000 && charged < 820_000, "charged " + charged);

    long part = files.write("part", "xx");
    assertEquals(3, view.copyRange(frozen, 999_999, part, 1, 3));
    assertEquals("x\0be", files.read("part"));
    assertEquals(0, view.copyRange(frozen, 1_000_013, part, 0, 10));
    answers(Errno.EINVAL, () -> view.copyRange(frozen, -1, part, 0, 10));
    answers(Errno.EFBIG, () -> view.copyRange(frozen, 0, part, Long.MAX_VALUE - 5, 10));
    answers(Errno.ENOENT, () -> view.copyRange(frozen, 0, 999, 0, 10));
    answers(Errno.EISDIR, () -> view.copyRange(frozen, 0, ROOT, 0, 10));
    region.deleteSnapshots(List.of("s"));
    answers(Errno.ESTALE, () -> view.copyRange(frozen, 0, part, 0, 10));
    reopen(false);
    assertTrue(files.read("a").startsWith(content + "\0"), "the copy does not need the snapshot");
    assertEquals("x\0be", files.read("part"));
  }

  @Test
  void copyingOutOfASnapshotRespectsTheVolumesSize() throws IOException {
    region.createVolume(VolumeRequest.empty("small", 2 * Sizes.MIB));
    try (FileSystem small = region.openVolume("small", false)) {
      Files smallFiles = new Files(small);
      smallFiles.write("a", "0123456789abcdef".repeat(90_000));
      smallFiles.makeDirectory(".snapshots/s");
      long frozen = smallFiles.inode(".snapshots/s/a");
      long copy = smallFiles.write("b", "kept");
      answers(Errno.ENOSPC, () -> small.copyRange(frozen, 0, copy, 0, 1_440_000));
      assertEquals("kept", smallFiles.read("b"));
      smallFiles.unlink("a");
      assertEquals(1_440_000, small.copyRange(frozen, 0, copy, 0, 1_440_000));
    }
  }

  @Test
  void closingTheViewEndsItsLeases() throws Exception {
    files.write("a", "text");
    files.makeDirectory(".snapshots/s");
    view.remember(files.inode(".snapshots/s/a"));
    files.removeDirectory(".snapshots/s");
    assertEquals(1, region.snapshots("data").size());
    view.close();
    while (!region.snapshots("data").isEmpty()) {
      Thread.sleep(5);
    }
    view.close();
    reopen(false);
  }

  @Test
  void liveHandlesAreNotMixedUpWithSnapshots() throws IOException {
    long live = files.write("a", "live");
    files.makeDirectory(".snapshots/s");
    long[] handles = {
      view.open(live, true),
      view.open(files.inode(".snapshots/s/a"), false),
      view.openDirectory(ROOT),
      view.openDirectory(2),
      view.openDirectory(files.inode(".snapshots/s"))
    };
    assertEquals(2, List.of(handles[0], handles[1]).stream().distinct().count());
    assertEquals(3, List.of(handles[2], handles[3], handles[4]).stream().distinct().count());
    answers(Errno.EBADF, () -> view.readDirectory(handles[1], 0, 1));
    view.release(handles[0]);
    view.release(handles[1]);
    for (int i = 2; i < handles.length; i++) {
      assertEquals(2, view.readDirectory(handles[i], 0, 2).size());
      view.releaseDirectory(handles[i]);
    }
  }

  @Test
  void timeOfTheDirectoryFollowsChanges() throws Exception {
    Attributes before = view.getAttributes(2);
    assertEquals(before, view.getAttributes(2));
    files.makeDirectory(".snapshots/s");
    Attributes after = view.getAttributes(2);
    assertTrue(
        after.modifySeconds() > before.modifySeconds()
            || after.modifyNanos() != before.modifyNanos());
  }

  @Test
  void manySnapshotsCanBeLookedThroughAtOnce() throws IOException {
    for (int i = 0; i < 50; i++) {
      files.write("a", "content " + i);
      files.makeDirectory(".snapshots/s" + i);
    }
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 50; i++) {
        long inode = files.inode(".snapshots/s" + i + "/a");
        if (round == 0) {
          view.remember(inode);
        } else {
          view.forget(inode, 1);
        }
        assertEquals("content " + i, files.read(".snapshots/s" + i + "/a"));
      }
    }
    for (int i = 0; i < 50; i++) {
      files.removeDirectory(".snapshots/s" + i);
    }
    assertEquals(List.of(), region.snapshots("data"), "nothing idle holds them back");
  }
}
