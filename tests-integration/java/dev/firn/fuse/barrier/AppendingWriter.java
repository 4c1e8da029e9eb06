package dev.firn.fuse.barrier;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;

import dev.firn.fuse.Posix;
import dev.firn.fuse.TestMount;

/** Appends records to an open file; every so often the file is emptied instead. */
final class AppendingWriter extends LoadWriter {
  private final String file;
  private final int recordBytes;
  private final AppendedRecords records;
  private final int fd;

  /**
   * @param period so many operations make a round; the last of one empties the file
   */
  AppendingWriter(TestMount mount, String file, int recordBytes, int period) {
    super(Long.MAX_VALUE);
    this.file = file;
    this.recordBytes = recordBytes;
    records = new AppendedRecords(recordBytes, period);
    fd = Posix.open(mount.path(file), Posix.O_WRONLY | Posix.O_CREAT | Posix.O_APPEND);
  }

  @Override
  void perform(long number) {
    if (records.empties(number)) {
      check(LIBC.ftruncate(fd, 0));
    } else if (check(LIBC.write(fd, record(number, recordBytes), recordBytes)) != recordBytes) {
      throw new AssertionError("short write");
    }
  }

  @Override
  void verify(Image image, long from, long to) {
    String objection = records.objectionTo(image.read(file), from, to);
    if (objection != null) {
      throw fault(from, to, objection);
    }
  }

  @Override
  void close() {
    LIBC.close(fd);
  }

  @Override
  public String toString() {
    return "writer that appends " + recordBytes + " bytes to '" + file + "'";
  }
}
