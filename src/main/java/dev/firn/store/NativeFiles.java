package dev.firn.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import jnr.constants.platform.Errno;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;

/**
 * What Java's channels cannot do: have the disk set blocks aside, give those inside of a file back
 * to it, have the system forget what it has cached of it, and transfer many pieces at an offset.
 */
final class NativeFiles {
  private static final int O_RDONLY_CLOEXEC = 02000000;
  private static final int O_RDWR_CLOEXEC = 02000002;
  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;

  private static final int POSIX_FADV_RANDOM = 1;
  private static final int POSIX_FADV_DONTNEED = 4;

  /** FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE. */
  private static final int PUNCH_HOLE = 3;

  /** Of the C library, 64-bit Linux. Public for jnr-ffi, which implements it at run time. */
  public interface LibC {
    int open(byte[] path, int flags);

    int close(int fd);

    long lseek(int fd, long offset, int whence);

    int fallocate(int fd, int mode, long offset, long length);

    int posix_fadvise(int fd, long offset, long length, int advice);

    int sync_file_range(int fd, long offset, long length, int flags);

    long pwritev2(int fd, long vectors, int count, long offset, int flags);

    long preadv(int fd, long vectors, int count, long offset);

    long preadv2(int fd, long vectors, int count, long offset, int flags);
  }

  static final LibC LIBC = LibraryLoader.create(LibC.class).load("c");

  private NativeFiles() {}

  /** What {@link #with} does. */
  private interface Action {
    long run(int fd) throws IOException;
  }

  /** How many of a range's bytes the disk keeps blocks for. */
  static long allocatedBytes(Path file, long from, long to) throws IOException {
    return with(openToRead(file), fd -> eachAllocated(fd, file, from, to, false));
  }

  /**
   * Makes a hole of a range.
   *
   * @return how many bytes the disk has got back
   * @throws UnsupportedOperationException where files have no holes
   */
  static long punch(Path file, long from, long to) throws IOException {
    return with(open(file), fd -> eachAllocated(fd, file, from, to, true));
  }

  /**
   * Has the disk keep blocks for a file's first bytes.
   *
   * @throws UnsupportedOperationException where that cannot be done
   */
  static void allocate(Path file, long bytes) throws IOException {
    with(
        open(file),
        fd -> {
          if (LIBC.fallocate(fd, 0, 0, bytes) < 0) {
            if (isUnsupported(lastError())) {
              throw new UnsupportedOperationException("'" + file + "' is on a disk without that");
            }
            throw failed(file);
          }
          return 0;
        });
  }

  /** Lets the system's cache go of a file; what was not forced stays there. */
  static void dropCache(Path file) throws IOException {
    with(openToRead(file), fd -> LIBC.posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
  }

  private static long eachAllocated(int fd, Path file, long from, long to, boolean punch)
      throws IOException {
    long bytes = 0;
    long next = from;
    while (next < to) {
      long start = LIBC.lseek(fd, next, SEEK_DATA);
      if (start < 0 && lastError() == Errno.ENXIO || start >= to) {
        break;
      }
      long end = start < 0 ? start : LIBC.lseek(fd, start, SEEK_HOLE);
      if (end < 0) {
        throw failed(file);
      }
      end = Math.min(end, to);
      if (punch && LIBC.fallocate(fd, PUNCH_HOLE, start, end - start) < 0) {
        if (isUnsupported(lastError())) {
          throw new UnsupportedOperationException("'" + file + "' is on a disk without holes");
        }
        throw failed(file);
      }
      bytes += end - start;
      next = end;
    }
    return bytes;
  }

  /** Closes the descriptor afterwards. */
  private static long with(int fd, Action action) throws IOException {
    try {
      return action.run(fd);
    } finally {
      LIBC.close(fd);
    }
  }

  /** Opens a file; the descriptor is the caller's to close. */
  static int open(Path file) throws IOException {
    return open(file, O_RDWR_CLOEXEC);
  }

  /** As {@link #open(Path)}, for reading alone. */
  static int openToRead(Path file) throws IOException {
    return open(file, O_RDONLY_CLOEXEC);
  }

  /**
   * As {@link #openToRead}, and through this descriptor the system reads just what it is asked for.
   */
  static int openToReadScattered(Path file) throws IOException {
    int fd = openToRead(file);
    LIBC.posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
    return fd;
  }

  private static int open(Path file, int flags) throws IOException {
    int fd = LIBC.open((file + "\0").getBytes(StandardCharsets.UTF_8), flags);
    if (fd < 0) {
      throw failed(file);
    }
    return fd;
  }

  /** By its number: there are two names for it, of which the constants know one. */
  static boolean isUnsupported(Errno error) {
    return error.intValue() == Errno.EOPNOTSUPP.intValue();
  }

  static Errno lastError() {
    return Errno.valueOf(Runtime.getSystemRuntime().getLastError());
  }

  private static IOException failed(Path file) {
    return failed(file, lastError());
  }

  static IOException failed(Path file, Errno error) {
    return new IOException("'" + file + "': " + error.description());
  }
}
