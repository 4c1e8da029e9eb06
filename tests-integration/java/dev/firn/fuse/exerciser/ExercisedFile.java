package dev.firn.fuse.exerciser;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;

import dev.firn.fuse.Posix;
import java.util.Arrays;
import jnr.constants.platform.Errno;

/** An open file, and what it must hold. */
final class ExercisedFile implements AutoCloseable {
  private final byte[] path;

  /** Behind {@link #size} there are zeroes. */
  private final byte[] contents;

  private int size;
  private int fd;

  ExercisedFile(byte[] path, int sizeBytesMax) {
    this.path = path;
    contents = new byte[sizeBytesMax];
    fd = Posix.open(path, Posix.O_RDWR | Posix.O_CREAT | Posix.O_TRUNC);
  }

  int fd() {
    return fd;
  }

  int size() {
    return size;
  }

  byte[] expected() {
    return Arrays.copyOf(contents, size);
  }

  byte[] part(int offset, int length) {
    return Arrays.copyOfRange(contents, offset, offset + length);
  }

  void put(int offset, byte[] bytes) {
    System.arraycopy(bytes, 0, contents, offset, bytes.length);
    size = Math.max(size, offset + bytes.length);
  }

  void zero(int offset, int length) {
    Arrays.fill(contents, offset, Math.min(contents.length, offset + length), (byte) 0);
  }

  void resize(int newSize) {
    if (newSize < size) {
      Arrays.fill(contents, newSize, size, (byte) 0);
    }
    size = newSize;
  }

  void reopen() {
    check(LIBC.close(fd));
    fd = Posix.open(path, Posix.O_RDWR);
  }

  void checkSize() {
    long actual = Posix.stat(fd).sizeBytes();
    if (actual != size) {
      throw new AssertionError("size is " + actual + ", not " + size);
    }
  }

  void checkAll() {
    checkSize();
    checkRead("read of all", 0, Posix.read(fd, 0, contents.length), contents.length);
  }

  /** What was read from an offset, of so many bytes asked for. */
  void checkRead(String what, int offset, byte[] actual, int asked) {
    int length = Math.max(0, Math.min(asked, size - offset));
    if (actual.length != length) {
      throw new AssertionError(what + " got " + actual.length + " bytes, not " + length);
    }
    int difference = Arrays.mismatch(contents, offset, offset + length, actual, 0, length);
    if (difference >= 0) {
      throw new AssertionError(
          String.format(
              "%s: byte %d is 0x%02x, not 0x%02x",
              what, offset + difference, actual[difference], contents[offset + difference]));
    }
  }

  /** Holes hold zeroes, and data and holes follow each other to the end. */
  void checkHoles() {
    long position = 0;
    while (position < size) {
      long data;
      try {
        data = check(LIBC.lseek(fd, position, Posix.SEEK_DATA));
      } catch (Posix.Failure e) {
        if (e.errno() != Errno.ENXIO) {
          throw e;
        }
        data = size;
      }
      for (long hole = position; hole < data; hole++) {
        if (contents[(int) hole] != 0) {
          throw new AssertionError("a hole at " + hole + " where there is data");
        }
      }
      if (data == size) {
        return;
      }
      position = check(LIBC.lseek(fd, data, Posix.SEEK_HOLE));
      if (position <= data || position > size) {
        throw new AssertionError("the hole after the data at " + data + " is at " + position);
      }
    }
  }

  @Override
  public void close() {
    check(LIBC.close(fd));
  }
}
