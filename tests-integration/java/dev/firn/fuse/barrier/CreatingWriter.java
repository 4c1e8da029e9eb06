package dev.firn.fuse.barrier;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;

import dev.firn.fuse.Posix;
import dev.firn.fuse.TestMount;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/** Makes and writes one file after the other; some stay open for a while, old ones go. */
final class CreatingWriter extends LoadWriter {
  private static final int RECORD_BYTES = 3000;
  private static final int OPEN_MAX = 16;

  /** More than are made while a snapshot is taken, or there is none to check. */
  private static final int KEPT = 1024;

  /** Of the newest that must be there. */
  private static final int CHECKED_MAX = 64;

  private final TestMount mount;
  private final String directory;
  private final Deque<Integer> open = new ArrayDeque<>();
  private long checked;

  CreatingWriter(TestMount mount, String directory) {
    super(Long.MAX_VALUE);
    this.mount = mount;
    this.directory = directory;
    check(LIBC.mkdir(mount.path(directory), 0755));
  }

  private String file(long number) {
    return directory + "/" + number;
  }

  @Override
  void perform(long number) {
    byte[] path = mount.path(file(number));
    int fd = Posix.open(path, Posix.O_WRONLY | Posix.O_CREAT | Posix.O_EXCL);
    open.add(fd);
    Posix.writeAll(fd, record(number, RECORD_BYTES), 0);
    if (open.size() > OPEN_MAX) {
      check(LIBC.close(open.remove()));
    }
    if (number > KEPT) {
      check(LIBC.unlink(mount.path(file(number - KEPT))));
    }
  }

  @Override
  void verify(Image image, long from, long to) {
    long oldest = Math.max(1, Math.max(from - CHECKED_MAX, to - KEPT) + 1);
    for (long number = oldest; number <= from; number++) {
      byte[] contents;
      try {
        contents = image.read(file(number));
      } catch (Posix.Failure e) {
        throw fault(from, to, "file " + number + ": " + e.getMessage());
      }
      if (!Arrays.equals(contents, record(number, RECORD_BYTES))) {
        throw fault(
            from, to, "file " + number + " has " + contents.length + " bytes or is damaged");
      }
      checked++;
    }
    if (!Posix.list(image.path(directory)).stream().allMatch(name -> Long.parseLong(name) <= to)) {
      throw fault(from, to, "a file is there that had not been made");
    }
  }

  @Override
  void requireChecked() {
    if (checked == 0) {
      throw new AssertionError(this + ": so many files were made meanwhile that none was checked");
    }
  }

  @Override
  void close() {
    open.forEach(LIBC::close);
  }
}
