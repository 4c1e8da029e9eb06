package dev.firn.fuse;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;

import jnr.ffi.Pointer;

/**
 * A part of a file mapped into memory: that of {@link MappingProcess}, not of this process. The
 * kernel holds a lock of a process's memory while it brings or takes a page of a file; a process
 * that serves the file itself needs the same lock now and then (for a thread's stack, for compiled
 * code) and would wait for itself.
 */
public final class Mapping implements AutoCloseable {
  public static final int PROT_READ = 1;
  public static final int PROT_WRITE = 2;
  public static final int MAP_SHARED = 1;
  public static final int MAP_PRIVATE = 2;

  private final int number;
  private final long length;
  private boolean closed;

  private Mapping(int number, long length) {
    this.number = number;
    this.length = length;
  }

  /** Maps a part of what is open here. The mapping does not need the descriptor any more. */
  public static Mapping of(int fd, long offset, long length, int protection, int flags) {
    return new Mapping(MappingProcess.get().map(fd, offset, length, protection, flags), length);
  }

  public byte[] get(long offset, int count) {
    requireRange(offset, count);
    return MappingProcess.get().load(number, offset, count);
  }

  /** When this returns, the store has happened. */
  public void put(long offset, byte[] bytes) {
    requireRange(offset, bytes.length);
    MappingProcess.get().store(number, offset, bytes);
  }

  private void requireRange(long offset, long count) {
    if (offset < 0 || offset + count > length) {
      throw new IndexOutOfBoundsException(offset + " + " + count + " of " + length);
    }
  }

  /** Returns when what was stored has reached the file system. */
  public void sync() {
    MappingProcess.get().sync(number);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      MappingProcess.get().unmap(number);
    }
  }

  /** Memory of this process that begins at a page, as direct input and output wants it. */
  public static final class Memory implements AutoCloseable {
    private static final int MAP_ANONYMOUS = 0x20;

    private final Pointer start;
    private final long length;

    public Memory(long length) {
      this.length = length;
      int flags = MAP_PRIVATE | MAP_ANONYMOUS;
      start = LIBC.mmap(null, length, PROT_READ | PROT_WRITE, flags, -1, 0);
      // MAP_FAILED is -1, too.
      check(start.address());
    }

    public Pointer pointer() {
      return start;
    }

    public byte[] get(int count) {
      byte[] bytes = new byte[count];
      start.get(0, bytes, 0, count);
      return bytes;
    }

    public void put(byte[] bytes) {
      start.put(0, bytes, 0, bytes.length);
    }

    @Override
    public void close() {
      check(LIBC.munmap(start, length));
    }
  }
}
