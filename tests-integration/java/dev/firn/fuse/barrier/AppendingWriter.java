package dev.firn.fuse.barrier;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;

import dev.firn.fuse.Posix;
import dev.firn.fuse.TestMount;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Appends records to an open file; every so often the file is emptied instead. */
final class AppendingWriter extends LoadWriter {
  private final String file;
  private final int recordBytes;
  private final int period;
  private final int fd;

  /**
   * @param period so many operations make a round; the last of one empties the file
   */
  AppendingWriter(TestMount mount, String file, int recordBytes, int period) {
    super(Long.MAX_VALUE);
    this.file = file;
    this.recordBytes = recordBytes;
    this.period = period;
    fd = Posix.open(mount.path(file), Posix.O_WRONLY | Posix.O_CREAT | Posix.O_APPEND);
  }

  @Override
  void perform(long number) {
    if (number % period == 0) {
      check(LIBC.ftruncate(fd, 0));
    } else if (check(LIBC.write(fd, record(number, recordBytes), recordBytes)) != recordBytes) {
      throw new AssertionError("short write");
    }
  }

  @Override
  void verify(Image image, long from, long to) {
    byte[] contents = image.read(file);
    int records = contents.length / recordBytes;
    boolean partial = contents.length % recordBytes != 0;
    long last = -1;
    for (int i = 0; i < records; i++) {
      byte[] record = Arrays.copyOfRange(contents, i * recordBytes, (i + 1) * recordBytes);
      long number = i == 0 ? first(record, from, to) : last + 1;
      if (!Arrays.equals(record, record(number, recordBytes))
          && !(number > from && isPart(record, number))) {
        long found = ByteBuffer.wrap(record).getLong();
        throw fault(from, to, "record " + i + " is not number " + number + " but " + found);
      }
      last = number;
    }
    if (records == 0) {
      // Emptied by the last such operation, but a part of a record came after one: if the very last
      // operation empties, by the one before. The first round begins empty.
      last = (partial ? to - 1 : to) / period * period;
    }
    if (last > to || last < from && !(partial && last + 1 >= from && from < to)) {
      throw fault(from, to, "the last record is number " + last + (partial ? " and a part" : ""));
    }
    if (partial && last == to) {
      throw fault(from, to, "there is a part of a record that had not begun");
    }
  }

  /** The number of a file's first record. */
  private long first(byte[] record, long from, long to) {
    long number = ByteBuffer.wrap(record).getLong();
    if (number % period == 1) {
      return number;
    }
    for (number = from + 1; number <= to; number++) {
      if (number % period == 1 && isPart(record, number)) {
        return number;
      }
    }
    throw fault(from, to, "the first record is of no round");
  }

  /**
   * Whether what is there of a record is right. The kernel brings pages in any order: of a record
   * that was written while the snapshot was taken, and of none before, some may be on their way.
   */
  private boolean isPart(byte[] found, long number) {
    byte[] whole = record(number, recordBytes);
    for (int i = 0; i < recordBytes; i++) {
      if (found[i] != whole[i] && found[i] != 0) {
        return false;
      }
    }
    return true;
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
