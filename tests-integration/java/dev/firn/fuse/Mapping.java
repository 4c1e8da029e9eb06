package dev.firn.fuse;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;

import jnr.ffi.Pointer;

/**
 * A part of a file mapped into memory. All access goes through memcpy in the C library: a Java
 * thread that waits for a page in Java code holds up the collector, which holds up the threads of
 * this process that would bring the page.
 */
public final class Mapping implements AutoCloseable {
  public static final int PROT_READ = 1;
  public static final int PROT_WRITE = 2;
  public static final int MAP_SHARED = 1;
  public static final int MAP_PRIVATE = 2;
  private static final int MAP_ANONYMOUS = 0x20;
  private static final int MS_SYNC = 4;

  private final Pointer start;
  private final long length;
  private boolean closed;

  private Mapping(Pointer start, long length) {
    this.start = start;
    this.length = length;
  }

  public static Mapping of(int fd, long offset, long length, int protection, int flags) {
    Pointer start = LIBC.mmap(null, length, protection, flags, fd, offset);
    // MAP_FAILED is -1, too.
    check(start.address());
    return new Mapping(start, length);
  }

  /** Memory that begins at a page, as direct input and output wants it. */
  public static Mapping memory(long length) {
    return of(-1, 0, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  }

  public Pointer pointer() {
    return start;
  }

  public byte[] get(long offset, int count) {
    byte[] bytes = new byte[count];
    LIBC.memcpy(bytes, at(offset, count), count);
    return bytes;
  }

  public void put(long offset, byte[] bytes) {
    LIBC.memcpy(at(offset, bytes.length), bytes, bytes.length);
  }

  private Pointer at(long offset, long count) {
    if (offset < 0 || offset + count > length) {
      throw new IndexOutOfBoundsException(offset + " + " + count + " of " + length);
    }
    return start.slice(offset);
  }

  /** Returns when what was stored has reached the file system. */
  public void sync() {
    check(LIBC.msync(start, length, MS_SYNC));
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      check(LIBC.munmap(start, length));
    }
  }
}
