package dev.firn.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.Seeds;
import dev.firn.base.Bytes;
import dev.firn.base.Sizes;
import dev.firn.region.Region;
import dev.firn.region.VolumeRequest;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.SetAttributes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class TreeDiffTest {
  @TempDir Path directory;
  private Region region;
  private FileSystem view;
  private Files files;

  @BeforeEach
  void open() throws IOException {
    region = Region.open(directory.resolve("home"));
    region.createVolume(VolumeRequest.empty("data", Sizes.GIB));
    openVolume();
  }

  private void openVolume() throws IOException {
    view = region.openVolume("data", false);
    files = new Files(view);
  }

  @AfterEach
  void close() throws IOException {
    region.close();
  }

  private void take(String name) throws IOException {
    region.createSnapshot("data", name, null, Map.of());
  }

  private List<String> diff(String from, String to) throws IOException {
    List<String> lines = new ArrayList<>();
    region.diff(
        from,
        to,
        (kind, path, newPath) ->
            lines.add(
                kind
                    + " "
                    + Bytes.text(path)
                    + (newPath == null ? "" : " -> " + Bytes.text(newPath))));
    return lines;
  }

  @Test
  void eachKindOfChangeIsTold() throws IOException {
    files.makeDirectory("dir");
    files.makeDirectory("dir/sub");
    files.makeDirectory("old");
    files.write("old/x", "x");
    files.write("dir/gone", "x");
    files.write("dir/kept", "x");
    files.write("dir/sub/changed", "one");
    files.write("mode", "x");
    files.write("moved", "x");
    files.write("movedAndChanged", "x");
    files.write("tagged", "x");
    files.write("touched", "x");
    take("before");
    assertEquals(List.of(), diff("before", "data"));
    files.unlink("dir/gone");
    files.write("dir/sub/changed", "two");
    files.makeDirectory("new");
    files.makeDirectory("new/inner");
    files.write("new/inner/file", "x");
    view.setAttributes(files.inode("mode"), SetAttributes.mode(0600));
    files.rename("moved", "new/moved");
    files.rename("movedAndChanged", "elsewhere");
    files.write("elsewhere", "y");
    files.unlink("old/x");
    files.removeDirectory("old");
    view.setXattr(files.inode("tagged"), Bytes.utf8("user.t"), Bytes.utf8("v"), 0);
    view.setAttributes(
        files.inode("touched"), SetAttributes.times(null, SetAttributes.TimeChange.at(1, 2)));
    List<String> expected =
        List.of(
            "D dir/gone",
            "M dir/sub/changed",
            "M elsewhere",
            "M mode",
            "R moved -> new/moved",
            "R movedAndChanged -> elsewhere",
            "A new",
            "A new/inner",
            "A new/inner/file",
            "D old",
            "D old/x",
            "M tagged",
            "M touched");
    assertEquals(expected, diff("before", "data"));
    take("after");
    assertEquals(expected, diff("data@before", "after"));
    assertEquals(List.of(), diff("after", "after"));
    assertEquals(List.of(), diff("after", "data"));
    assertEquals(13, diff("after", "before").size());
  }

  @Test
  void renamedDirectoryIsOneLineAndItsChangesHaveNewPaths() throws IOException {
    files.makeDirectory("a");
    files.makeDirectory("a/b");
    files.write("a/b/c", "one");
    files.write("a/b/d", "one");
    files.write("a/b/e", "one");
    take("before");
    files.rename("a", "z");
    assertEquals(List.of("R a -> z"), diff("before", "data"));
    files.write("z/b/c", "two");
    files.unlink("z/b/d");
    files.write("z/b/f", "x");
    files.rename("z/b/e", "z/e");
    assertEquals(
        List.of("R a -> z", "D a/b/d", "R a/b/e -> z/e", "M z/b/c", "A z/b/f"),
        diff("before", "data"));
  }

  @Test
  void hardLinksAreTold() throws IOException {
    files.write("a", "x");
    files.write("b", "x");
    files.makeDirectory("d");
    files.link("a", "d/a2");
    take("before");
    files.link("b", "d/b2");
    files.unlink("a");
    assertEquals(List.of("D a", "A d/b2"), diff("before", "data"));
    files.write("d/a2", "changed");
    files.write("b", "changed");
    assertEquals(List.of("D a", "M b", "M d/a2", "A d/b2"), diff("before", "data"));
  }

  @Test
  void replacedFilesAreModified() throws IOException {
    files.write("a", "x");
    files.write("same", "x");
    files.write("type", "x");
    files.makeDirectory("d");
    files.write("d/f", "x");
    take("before");
    files.write("a.new", "y");
    files.rename("a.new", "a");
    files.unlink("type");
    files.makeDirectory("type");
    files.unlink("d/f");
    files.removeDirectory("d");
    files.makeDirectory("d");
    files.write("d/f", "longer");
    long time = files.attributes("same").modifySeconds();
    int nanos = files.attributes("same").modifyNanos();
    files.unlink("same");
    files.write("same", "x");
    view.setAttributes(
        files.inode("same"), SetAttributes.times(null, SetAttributes.TimeChange.at(time, nanos)));
    assertEquals(List.of("M a", "M d/f", "D type", "A type"), diff("before", "data"));
  }

  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void theLargestFilesAreComparedByTheirData() throws IOException {
    SetAttributes touched = SetAttributes.times(null, SetAttributes.TimeChange.at(1, 2));
    for (String name : List.of("same", "start", "end", "shorter")) {
      writeLargest(name, "abc", "xyz");
      view.setAttributes(files.inode(name), touched);
    }
    take("before");
    for (String name : List.of("same", "start", "end", "shorter")) {
      files.unlink(name);
    }
    writeLargest("same", "abc", "xyz");
    writeLargest("start", "abd", "xyz");
    writeLargest("end", "abc", "xyy");
    writeLargest("shorter", "abc", "xyz");
    view.setAttributes(files.inode("shorter"), SetAttributes.size(Long.MAX_VALUE - 1));
    // Zeros that are data equal a hole.
    view.write(files.inode("same"), 1L << 40, ByteBuffer.wrap(new byte[100]));
    for (String name : List.of("same", "start", "end", "shorter")) {
      view.setAttributes(files.inode(name), touched);
    }
    assertEquals(List.of("M end", "M shorter", "M start"), diff("before", "data"));
  }

  private void writeLargest(String path, String start, String end) throws IOException {
    long inode = files.write(path, start);
    view.write(inode, Long.MAX_VALUE - end.length(), ByteBuffer.wrap(Bytes.utf8(end)));
  }

  @Test
  void numbersGivenOutAgainAfterARollbackAreOtherFiles() throws IOException {
    files.write("base", "x");
    take("base");
    files.makeDirectory("d");
    files.write("d/a", "one");
    files.makeDirectory("e");
    files.write("e/b", "two");
    long inode = files.inode("d");
    take("one");
    view.close();
    region.rollback("data", "base");
    openVolume();
    files.makeDirectory("f");
    files.write("f/a", "one");
    files.write("e", "now a file");
    assertEquals(inode, files.inode("f"), "the same number for another directory");
    take("two");
    assertEquals(
        List.of("D d", "D d/a", "D e", "A e", "D e/b", "A f", "A f/a"), diff("one", "two"));
    assertEquals(
        List.of("A d", "A d/a", "D e", "A e", "A e/b", "D f", "D f/a"), diff("two", "one"));
  }

  @Test
  void directoriesChangeByOwnerModeXattrsOrTimeAlone() throws IOException {
    for (String name : List.of("mode", "time", "entries", "xattr")) {
      files.makeDirectory(name);
    }
    take("before");
    view.setAttributes(files.inode("mode"), SetAttributes.mode(0700));
    view.setAttributes(
        files.inode("time"), SetAttributes.times(null, SetAttributes.TimeChange.at(5, 6)));
    files.write("entries/a", "x");
    view.setXattr(files.inode("xattr"), Bytes.utf8("user.t"), Bytes.utf8("v"), 0);
    view.setAttributes(FileSystem.ROOT_INODE, SetAttributes.mode(0711));
    assertEquals(
        List.of("M .", "A entries/a", "M mode", "M time", "M xattr"), diff("before", "data"));
  }

  @Test
  void unlinkedFilesStillOpenAreGone() throws IOException {
    long inode = files.write("a", "x");
    long handle = view.open(inode, true);
    take("before");
    files.unlink("a");
    view.write(inode, 0, ByteBuffer.wrap(Bytes.utf8("more")));
    take("after");
    assertEquals(List.of("D a"), diff("before", "after"));
    view.write(inode, 0, ByteBuffer.wrap(Bytes.utf8("other")));
    assertEquals(List.of(), diff("after", "data"));
    view.release(handle);
    assertEquals(List.of(), diff("after", "data"));
  }

  @Test
  void unrelatedVolumesAreComparedByPath() throws IOException {
    files.makeDirectory("d");
    files.makeDirectory("only");
    files.write("only/a", "x");
    files.write("d/same", "x".repeat(300_000));
    files.write("d/other", "x".repeat(200_000) + "y" + "x".repeat(99_999));
    files.write("type", "x");
    take("mine");
    region.createVolume(VolumeRequest.from("clone", "mine"));
    try (FileSystem cloneView = region.openVolume("clone", false)) {
      Files clone = new Files(cloneView);
      region.createSnapshot("clone", "same", null, Map.of());
      assertEquals(List.of(), diff("mine", "same"));
      clone.unlink("only/a");
      clone.removeDirectory("only");
      clone.unlink("type");
      clone.makeDirectory("type");
      clone.write("type/b", "x");
      long seconds = clone.attributes("d/other").modifySeconds();
      int nanos = clone.attributes("d/other").modifyNanos();
      clone.write("d/other", "x".repeat(200_000) + "z" + "x".repeat(99_999));
      cloneView.setAttributes(
          clone.inode("d/other"),
          SetAttributes.times(null, SetAttributes.TimeChange.at(seconds, nanos)));
      assertEquals(
          List.of("M d/other", "D only", "D only/a", "D type", "A type", "A type/b"),
          diff("mine", "clone"));
    }
  }

  @Test
  void randomTreesCompareAsByBruteForce() throws IOException {
    Random random = Seeds.random("randomTreesCompareAsByBruteForce");
    for (int round = 0; round < 25; round++) {
      take("r" + round);
      if (random.nextInt(6) == 0) {
        view.close();
        region.rollback("data", "r" + random.nextInt(round + 1));
        openVolume();
      }
      RandomTree tree = new RandomTree(random, files);
      for (int i = random.nextInt(40); i > 0; i--) {
        tree.change();
      }
    }
    take("r25");
    for (int i = 0; i < 60; i++) {
      String from = "r" + random.nextInt(26);
      String to = "r" + random.nextInt(26);
      try (FileSystem before = region.openSnapshot(from);
          FileSystem after = region.openSnapshot(to)) {
        assertEquals(BruteForceDiff.lines(before, after), diff(from, to), from + " to " + to);
      }
    }
  }

  /** Random changes to a tree. */
  private record RandomTree(Random random, Files files) {
    private void change() throws IOException {
      try {
        switch (random.nextInt(9)) {
          case 0, 1 -> files.write(path(), "x".repeat(random.nextInt(3) * 700) + random.nextInt());
          case 2 -> files.makeDirectory(path());
          case 3, 4 -> files.rename(path(), path());
          case 5 -> files.link(path(), path());
          case 6 -> files.unlink(path());
          case 7 -> files.removeDirectory(path());
          default ->
              files
                  .of()
                  .setAttributes(files.inode(path()), SetAttributes.mode(random.nextInt(512)));
        }
      } catch (ErrnoException e) {
        // Most paths do not exist, or are of the wrong type: that is fine.
        assertEquals(false, e.errno() == Errno.EIO, e.toString());
      }
    }

    private String path() {
      StringBuilder path = new StringBuilder();
      for (int depth = random.nextInt(3); depth >= 0; depth--) {
        path.append((char) ('a' + random.nextInt(5))).append(depth > 0 ? "/" : "");
      }
      return path.toString();
    }
  }
}
