package dev.firn.fuse.jnr;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.TreeSet;
import jnr.constants.platform.Errno;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/** System calls with paths as bytes, which java.nio does not promise. Failures carry the errno. */
final class Posix {
  static final int O_RDONLY = 0;
  static final int O_WRONLY = 1;
  static final int O_RDWR = 2;
  static final int O_CREAT = 0100;
  static final int O_EXCL = 0200;
  static final int O_TRUNC = 01000;
  static final int O_APPEND = 02000;
  static final int O_DIRECTORY = 0200000;

  static final int UTIME_NOW = (1 << 30) - 1;
  static final int UTIME_OMIT = (1 << 30) - 2;

  private static final int AT_FDCWD = -100;
  private static final int AT_SYMLINK_NOFOLLOW = 0x100;

  /** glibc on 64-bit Linux. Public for jnr-ffi. */
  public interface LibC {
    int open(byte[] path, int flags, int mode);

    int close(int fd);

    long pread(int fd, byte[] buffer, long size, long offset);

    long pwrite(int fd, byte[] buffer, long size, long offset);

    int fsync(int fd);

    int ftruncate(int fd, long size);

    int truncate(byte[] path, long size);

    int fchmod(int fd, int mode);

    int fchown(int fd, int uid, int gid);

    int chmod(byte[] path, int mode);

    int lchown(byte[] path, int uid, int gid);

    int mkdir(byte[] path, int mode);

    int rmdir(byte[] path);

    int mknod(byte[] path, int mode, long device);

    int unlink(byte[] path);

    int rename(byte[] from, byte[] to);

    int link(byte[] from, byte[] to);

    int symlink(byte[] target, byte[] path);

    long readlink(byte[] path, byte[] buffer, long size);

    int statx(int directory, byte[] path, int flags, int mask, byte[] status);

    int utimensat(int directory, byte[] path, long[] times, int flags);

    int futimens(int fd, long[] times);

    int lsetxattr(byte[] path, byte[] name, byte[] value, long size, int flags);

    long lgetxattr(byte[] path, byte[] name, byte[] value, long size);

    long llistxattr(byte[] path, byte[] list, long size);

    int lremovexattr(byte[] path, byte[] name);

    int umount2(byte[] path, int flags);

    int fallocate(int fd, int mode, long offset, long length);

    Pointer opendir(byte[] path);

    Pointer readdir(Pointer directory);

    void rewinddir(Pointer directory);

    int closedir(Pointer directory);
  }

  static final LibC LIBC = LibraryLoader.create(LibC.class).load("c");

  private Posix() {}

  /** A failed system call. */
  static final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final Errno errno;

    Failure(Errno errno) {
      super(errno.name());
      this.errno = errno;
    }

    Errno errno() {
      return errno;
    }
  }

  /** What statx(2) tells; times in seconds and nanoseconds. */
  record Status(
      long inode,
      int mode,
      int uid,
      int gid,
      long links,
      long sizeBytes,
      long blocks,
      long deviceMajor,
      long deviceMinor,
      long accessSeconds,
      int accessNanos,
      long modifySeconds,
      int modifyNanos) {}

  /** A path from text (as UTF-8) and raw bytes. */
  static byte[] path(Object... parts) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (Object part : parts) {
      bytes.writeBytes(
          part instanceof byte[] raw ? raw : part.toString().getBytes(StandardCharsets.UTF_8));
    }
    bytes.write(0);
    return bytes.toByteArray();
  }

  static long check(long result) {
    if (result == -1) {
      throw new Failure(Errno.valueOf(Runtime.getSystemRuntime().getLastError()));
    }
    return result;
  }

  static int open(byte[] path, int flags) {
    return (int) check(LIBC.open(path, flags, 0644));
  }

  static Status stat(byte[] path) {
    return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW);
  }

  static Status stat(int fd) {
    int emptyPath = 0x1000;
    return statx(fd, path(), emptyPath);
  }

  private static Status statx(int directory, byte[] path, int flags) {
    byte[] bytes = new byte[256];
    int basicStatus = 0x7ff;
    check(LIBC.statx(directory, path, flags, basicStatus, bytes));
    ByteBuffer status = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    return new Status(
        status.getLong(32),
        status.getShort(28) & 0xffff,
        status.getInt(20),
        status.getInt(24),
        status.getInt(16) & 0xffffffffL,
        status.getLong(40),
        status.getLong(48),
        status.getInt(128),
        status.getInt(132),
        status.getLong(64),
        status.getInt(72),
        status.getLong(112),
        status.getInt(120));
  }

  /** Sets access and modification times of the path itself. */
  static void setTimes(byte[] path, long... times) {
    check(LIBC.utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW));
  }

  static void write(byte[] path, byte[] contents) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC);
    try {
      writeAll(fd, contents, 0);
    } finally {
      LIBC.close(fd);
    }
  }

  static void writeAll(int fd, byte[] contents, long offset) {
    if (check(LIBC.pwrite(fd, contents, contents.length, offset)) != contents.length) {
      throw new AssertionError("short write");
    }
  }

  static byte[] read(int fd, long offset, int length) {
    byte[] buffer = new byte[length];
    return Arrays.copyOf(buffer, (int) check(LIBC.pread(fd, buffer, length, offset)));
  }

  static byte[] read(byte[] path) {
    int fd = open(path, O_RDONLY);
    try {
      return read(fd, 0, (int) stat(fd).sizeBytes());
    } finally {
      LIBC.close(fd);
    }
  }

  static byte[] readLink(byte[] path) {
    byte[] buffer = new byte[4096];
    return Arrays.copyOf(buffer, (int) check(LIBC.readlink(path, buffer, buffer.length)));
  }

  static byte[] getXattr(byte[] path, String name) {
    byte[] key = path(name);
    long size = check(LIBC.lgetxattr(path, key, null, 0));
    byte[] value = new byte[(int) size];
    if (size > 0) {
      check(LIBC.lgetxattr(path, key, value, size));
    }
    return value;
  }

  static void setXattr(byte[] path, String name, byte[] value) {
    check(LIBC.lsetxattr(path, path(name), value, value.length, 0));
  }

  static TreeSet<String> listXattrs(byte[] path) {
    TreeSet<String> names = new TreeSet<>();
    long size = check(LIBC.llistxattr(path, null, 0));
    if (size > 0) {
      byte[] list = new byte[(int) size];
      check(LIBC.llistxattr(path, list, size));
      names.addAll(Arrays.asList(new String(list, StandardCharsets.UTF_8).split("\0")));
    }
    return names;
  }

  /** Names as Latin-1 text, each byte a character; without "." and "..". */
  static TreeSet<String> list(byte[] path) {
    Pointer directory = LIBC.opendir(path);
    if (directory == null) {
      throw new Failure(Errno.valueOf(Runtime.getSystemRuntime().getLastError()));
    }
    try {
      return list(directory);
    } finally {
      LIBC.closedir(directory);
    }
  }

  static TreeSet<String> list(Pointer directory) {
    TreeSet<String> names = new TreeSet<>();
    for (Pointer entry = LIBC.readdir(directory); entry != null; entry = LIBC.readdir(directory)) {
      int nameOffset = 19;
      String name = entry.getString(nameOffset, 256, StandardCharsets.ISO_8859_1);
      if (!name.equals(".") && !name.equals("..") && !names.add(name)) {
        throw new AssertionError("listed twice: " + name);
      }
    }
    return names;
  }
}
