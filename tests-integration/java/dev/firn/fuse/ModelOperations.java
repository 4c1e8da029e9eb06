package dev.firn.fuse;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;

import dev.firn.vfs.FileMode;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import jnr.constants.platform.Errno;

/**
 * Random operations, each done below two directories with the same outcome, or the test fails.
 * Names are few, so that operations meet: on what exists, what is open, what was just replaced.
 */
final class ModelOperations implements AutoCloseable {
  private static final int OPEN_FILES_MAX = 8;
  private static final long OFFSET_MAX = 3 << 20;
  private static final byte[][] NAMES = {
    {'a'},
    {'b'},
    {'c'},
    {'d'},
    {(byte) 0xff, 'e'},
    {(byte) 0xc3},
    "name with blank".getBytes(StandardCharsets.UTF_8)
  };
  private static final String[] XATTRS = {"user.one", "user.two", "trusted.three"};

  /** One action on a side; its answer must be the same on both. */
  @FunctionalInterface
  private interface Action {
    Object on(Side side);
  }

  private record Side(byte[] root, List<Integer> open) {
    byte[] path(byte[] relative) {
      return Posix.path(Arrays.copyOf(root, root.length - 1), relative);
    }
  }

  private final Random random;
  private final Side tested;
  private final Side model;
  private int done;

  ModelOperations(long seed, byte[] testedRoot, byte[] modelRoot) {
    random = new Random(seed);
    tested = new Side(testedRoot, new ArrayList<>());
    model = new Side(modelRoot, new ArrayList<>());
  }

  /** Does one operation on both sides. */
  void step() {
    done++;
    int openFiles = model.open.size();
    int choice = random.nextInt(100);
    if (choice < 16) {
      create();
    } else if (choice < 30) {
      writeSomewhere();
    } else if (choice < 36) {
      truncate();
    } else if (choice < 46) {
      pathOnly("mkdir", (path, mode) -> check(LIBC.mkdir(path, mode)), randomMode());
    } else if (choice < 49) {
      pathOnly("rmdir", (path, ignored) -> check(LIBC.rmdir(path)), 0);
    } else if (choice < 55) {
      pathOnly("unlink", (path, ignored) -> check(LIBC.unlink(path)), 0);
    } else if (choice < 64) {
      twoPaths("rename", LIBC::rename);
    } else if (choice < 69) {
      twoPaths("link", LIBC::link);
    } else if (choice < 72) {
      symlink();
    } else if (choice < 74) {
      mknod();
    } else if (choice < 78) {
      attributes();
    } else if (choice < 84) {
      xattr();
    } else if (choice < 90) {
      openOne();
    } else if (openFiles > 0) {
      useOpen(random.nextInt(openFiles));
    }
  }

  private void create() {
    byte[] contents = randomBytes();
    byte[] relative = randomPath();
    both(
        "create " + text(relative) + " of " + contents.length,
        side -> {
          int fd = open(side.path(relative), Posix.O_WRONLY | Posix.O_CREAT | Posix.O_TRUNC);
          try {
            Posix.writeAll(fd, contents, 0);
          } finally {
            LIBC.close(fd);
          }
          return null;
        });
  }

  private void writeSomewhere() {
    byte[] relative = randomPath();
    byte[] contents = randomBytes();
    long offset = randomOffset();
    both(
        "write " + contents.length + " to " + text(relative) + " at " + offset,
        side -> {
          int fd = open(side.path(relative), Posix.O_WRONLY);
          try {
            Posix.writeAll(fd, contents, offset);
          } finally {
            LIBC.close(fd);
          }
          return null;
        });
  }

  private void truncate() {
    long size = randomOffset();
    byte[] relative = randomPath();
    both(
        "truncate " + text(relative) + " to " + size,
        side -> check(LIBC.truncate(side.path(relative), size)));
  }

  private interface PathCall {
    Object call(byte[] path, int value);
  }

  private void pathOnly(String what, PathCall call, int value) {
    byte[] relative = randomPath();
    both(what + ' ' + text(relative), side -> call.call(side.path(relative), value));
  }

  private interface TwoPathCall {
    int call(byte[] from, byte[] to);
  }

  private void twoPaths(String what, TwoPathCall call) {
    byte[] from = randomPath();
    byte[] to = randomPath();
    both(
        what + ' ' + text(from) + ' ' + text(to),
        side -> check(call.call(side.path(from), side.path(to))));
  }

  private void symlink() {
    byte[] relative = randomPath();
    // Relative, or the two sides would lead to different places.
    byte[] target = Posix.path(NAMES[random.nextInt(NAMES.length)]);
    both("symlink " + text(relative), side -> check(LIBC.symlink(target, side.path(relative))));
  }

  private void mknod() {
    byte[] relative = randomPath();
    int type = random.nextBoolean() ? FileMode.FIFO : FileMode.CHARACTER_DEVICE;
    int device = type == FileMode.FIFO ? 0 : 0x12345;
    both(
        "mknod " + text(relative),
        side -> check(LIBC.mknod(side.path(relative), type | 0640, device)));
  }

  private void attributes() {
    byte[] relative = randomPath();
    int mode = randomMode();
    int uid = random.nextInt(5) - 1;
    int gid = random.nextInt(5) - 1;
    long seconds = random.nextInt();
    int nanos = random.nextInt(1000) * 1_000_000 + TreeDump.EXPLICIT_NANOS;
    switch (random.nextInt(3)) {
      case 0 -> {
        // chmod(2) follows links, and one may lead out of nowhere into a loop: same errno.
        both("chmod " + text(relative), side -> check(LIBC.chmod(side.path(relative), mode)));
      }
      case 1 ->
          both(
              "chown " + text(relative) + ' ' + uid + ':' + gid,
              side -> check(LIBC.lchown(side.path(relative), uid, gid)));
      default ->
          both(
              "utimens " + text(relative),
              side -> {
                Posix.setTimes(side.path(relative), seconds, nanos, seconds, nanos);
                return Posix.stat(side.path(relative)).accessTime();
              });
    }
  }

  private void xattr() {
    byte[] relative = randomPath();
    String name = XATTRS[random.nextInt(XATTRS.length)];
    byte[] value = new byte[random.nextInt(200)];
    random.nextBytes(value);
    int flags = random.nextInt(3);
    if (random.nextInt(4) == 0) {
      both(
          "removexattr " + text(relative) + ' ' + name,
          side -> check(LIBC.lremovexattr(side.path(relative), Posix.path(name))));
    } else {
      both(
          "setxattr " + text(relative) + ' ' + name + " flags " + flags,
          side ->
              check(
                  LIBC.lsetxattr(
                      side.path(relative), Posix.path(name), value, value.length, flags)));
    }
  }

  private void openOne() {
    byte[] relative = randomPath();
    int flags = Posix.O_RDWR | (random.nextBoolean() ? Posix.O_CREAT : 0);
    both(
        "open " + text(relative),
        side -> {
          side.open.add(open(side.path(relative), flags));
          return null;
        });
    if (model.open.size() > OPEN_FILES_MAX) {
      int index = random.nextInt(model.open.size());
      both("close", side -> check(LIBC.close(side.open.remove(index))));
    }
  }

  /** Regular files only: fifos wait for their other end, devices are not for a test to open. */
  private static int open(byte[] path, int flags) {
    int nonBlocking = 04000;
    int fd = Posix.open(path, flags | nonBlocking);
    if ((Posix.stat(fd).mode() & FileMode.TYPE_MASK) != FileMode.REGULAR) {
      LIBC.close(fd);
      throw new Posix.Failure(Errno.ENXIO);
    }
    return fd;
  }

  private void useOpen(int index) {
    long offset = randomOffset();
    byte[] contents = randomBytes();
    int mode = randomMode();
    switch (random.nextInt(6)) {
      case 0 ->
          both(
              "write to open file " + index,
              side -> {
                Posix.writeAll(side.open.get(index), contents, offset);
                return null;
              });
      case 1 ->
          both(
              "read from open file " + index,
              side -> Arrays.hashCode(Posix.read(side.open.get(index), offset, 100_000)));
      case 2 ->
          both(
              "truncate open file " + index,
              side -> check(LIBC.ftruncate(side.open.get(index), offset)));
      case 3 ->
          both(
              "chmod open file " + index + " to " + Integer.toOctalString(mode),
              side -> check(LIBC.fchmod(side.open.get(index), mode)));
      case 4 -> both("sync open file " + index, side -> check(LIBC.fsync(side.open.get(index))));
      default ->
          both("close open file " + index, side -> check(LIBC.close(side.open.remove(index))));
    }
    for (int open = 0; open < model.open.size(); open++) {
      int number = open;
      both("stat open file " + open, side -> visible(Posix.stat(side.open.get(number))));
    }
  }

  private static String visible(Posix.Status status) {
    return String.format(
        "%o %d:%d links %d size %d",
        status.mode(), status.uid(), status.gid(), status.links(), status.sizeBytes());
  }

  private void both(String what, Action action) {
    Object expected = outcome(action, model);
    Object actual = outcome(action, tested);
    if (!Objects.equals(expected, actual)) {
      throw new AssertionError(
          "operation " + done + ", " + what + ": expected " + expected + ", but was " + actual);
    }
  }

  private static Object outcome(Action action, Side side) {
    try {
      return action.on(side);
    } catch (Posix.Failure e) {
      return e.errno();
    }
  }

  /** One to four names; the deeper, the rarer. */
  private byte[] randomPath() {
    ByteArrayOutputStream path = new ByteArrayOutputStream();
    do {
      path.write('/');
      path.writeBytes(NAMES[random.nextInt(NAMES.length)]);
    } while (path.size() < 30 && random.nextInt(5) < 2);
    return path.toByteArray();
  }

  private int randomMode() {
    int special = random.nextInt(8) == 0 ? random.nextInt(8) << 9 : 0;
    return special | random.nextInt(01000);
  }

  private long randomOffset() {
    return random.nextInt(3) == 0
        ? random.nextInt(10_000)
        : (long) (random.nextDouble() * random.nextDouble() * OFFSET_MAX);
  }

  /** Short ones, long ones, and zeroes. */
  private byte[] randomBytes() {
    int[] sizes = {100, 5_000, 140_000, 600_000};
    byte[] bytes = new byte[random.nextInt(sizes[random.nextInt(sizes.length)])];
    if (random.nextInt(5) > 0) {
      random.nextBytes(bytes);
    }
    return bytes;
  }

  private static String text(byte[] path) {
    return new String(path, StandardCharsets.ISO_8859_1);
  }

  /** Closes the files that are open on both sides, so that they can be unmounted. */
  void closeFiles() {
    for (Side side : List.of(tested, model)) {
      side.open.forEach(LIBC::close);
      side.open.clear();
    }
  }

  @Override
  public void close() {
    closeFiles();
  }
}
