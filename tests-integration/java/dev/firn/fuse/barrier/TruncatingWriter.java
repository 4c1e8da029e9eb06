package dev.firn.fuse.barrier;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;

import dev.firn.fuse.Posix;
import dev.firn.fuse.TestMount;

/** Gives an open file one size after the other; no two of near numbers are equal. */
final class TruncatingWriter extends LoadWriter {
  private static final long SIZES = 100_003;
  private static final long STEP = 7919;

  private final String file;
  private final int fd;

  TruncatingWriter(TestMount mount, String file) {
    super(Long.MAX_VALUE);
    this.file = file;
    fd = Posix.open(mount.path(file), Posix.O_RDWR | Posix.O_CREAT);
  }

  private static long sizeAfter(long number) {
    return number * STEP % SIZES;
  }

  @Override
  void perform(long number) {
    check(LIBC.ftruncate(fd, sizeAfter(number)));
  }

  @Override
  void verify(Image image, long from, long to) {
    long size = Posix.stat(image.path(file)).sizeBytes();
    for (long number = from; number <= to; number++) {
      if (sizeAfter(number) == size) {
        return;
      }
    }
    throw fault(from, to, "the size is " + size + ", which was not set meanwhile");
  }

  @Override
  void close() {
    check(LIBC.close(fd));
  }
}
