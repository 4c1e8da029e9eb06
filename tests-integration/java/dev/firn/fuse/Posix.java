package dev.firn.fuse;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.TreeSet;
import jnr.constants.platform.Errno;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/** System calls with paths as bytes, which java.nio does not promise. Failures carry the errno. */
public final class Posix {
  private static final boolean ARM = System.getProperty("os.arch").equals("aarch64");

  public static final int O_RDONLY = 0;
  public static final int O_WRONLY = 1;
  public static final int O_RDWR = 2;
  public static final int O_CREAT = 0100;
  public static final int O_EXCL = 0200;
  public static final int O_TRUNC = 01000;
  public static final int O_APPEND = 02000;
  public static final int O_NONBLOCK = 04000;
  public static final int O_DSYNC = 010000;
  public static final int O_DIRECT = ARM ? 0200000 : 040000;
  public static final int O_DIRECTORY = ARM ? 040000 : 0200000;
  public static final int O_NOFOLLOW = ARM ? 0100000 : 0400000;
  public static final int O_NOATIME = 01000000;
  public static final int O_SYNC = 04010000;
  public static final int O_PATH = 010000000;
  public static final int O_TMPFILE = 020000000 | O_DIRECTORY;

  public static final int AT_FDCWD = -100;
  public static final int AT_SYMLINK_NOFOLLOW = 0x100;
  public static final int AT_SYMLINK_FOLLOW = 0x400;
  public static final int AT_EMPTY_PATH = 0x1000;

  public static final int UTIME_NOW = (1 << 30) - 1;
  public static final int UTIME_OMIT = (1 << 30) - 2;

  public static final int SEEK_SET = 0;
  public static final int SEEK_CUR = 1;
  public static final int SEEK_END = 2;
  public static final int SEEK_DATA = 3;
  public static final int SEEK_HOLE = 4;

  public static final int KEEP_SIZE = 1;
  public static final int PUNCH_HOLE = 2;
  public static final int ZERO_RANGE = 16;

  public static final int RENAME_NOREPLACE = 1;
  public static final int RENAME_EXCHANGE = 2;
  public static final int RENAME_WHITEOUT = 4;

  public static final LibC LIBC = LibraryLoader.create(LibC.class).load("c");

  private Posix() {}

  /** A failed system call. */
  public static final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final Errno errno;

    public Failure(Errno errno) {
      super(errno.name());
      this.errno = errno;
    }

    public Errno errno() {
      return errno;
    }
  }

  /** What statx(2) tells. The birth time is null where the file system keeps none. */
  public record Status(
      long inode,
      int mode,
      int uid,
      int gid,
      long links,
      long sizeBytes,
      long blocks,
      long deviceMajor,
      long deviceMinor,
      long fileSystem,
      Instant accessTime,
      Instant modifyTime,
      Instant changeTime,
      Instant birthTime) {}

  /** What statfs(2) tells, in bytes and names. */
  public record Space(long totalBytes, long freeBytes, long availableBytes, long nameBytesMax) {}

  /** A path from text (as UTF-8) and raw bytes. */
  public static byte[] path(Object... parts) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (Object part : parts) {
      bytes.writeBytes(
          part instanceof byte[] raw ? raw : part.toString().getBytes(StandardCharsets.UTF_8));
    }
    bytes.write(0);
    return bytes.toByteArray();
  }

  /** The answer of a call, or the failure it left. */
  public static long check(long result) {
    if (result == -1) {
      throw lastFailure();
    }
    return result;
  }

  static Failure lastFailure() {
    return new Failure(Errno.valueOf(Runtime.getSystemRuntime().getLastError()));
  }

  public static int open(byte[] path, int flags) {
    return (int) check(LIBC.open(path, flags, 0644));
  }

  public static Status stat(byte[] path) {
    return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW);
  }

  public static Status stat(int fd) {
    return statx(fd, path(), AT_EMPTY_PATH);
  }

  /** The mode and nothing else, as a kernel may have it cached when it does not know the rest. */
  public static int mode(byte[] path) {
    byte[] bytes = new byte[256];
    int typeAndMode = 3;
    check(LIBC.statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, typeAndMode, bytes));
    return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).getShort(28) & 0xffff;
  }

  private static Status statx(int directory, byte[] path, int flags) {
    byte[] bytes = new byte[256];
    int basicStatusAndBirth = 0xfff;
    int birth = 0x800;
    check(LIBC.statx(directory, path, flags, basicStatusAndBirth, bytes));
    ByteBuffer status = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    boolean hasBirth = (status.getInt(0) & birth) != 0;
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
        (long) status.getInt(136) << 32 | status.getInt(140),
        time(status, 64),
        time(status, 112),
        time(status, 96),
        hasBirth ? time(status, 80) : null);
  }

  private static Instant time(ByteBuffer status, int offset) {
    return Instant.ofEpochSecond(status.getLong(offset), status.getInt(offset + 8));
  }

  /** The space of the file system that a path is on. */
  public static Space space(byte[] path) {
    byte[] bytes = new byte[256];
    check(LIBC.statfs(path, bytes));
    ByteBuffer status = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    long blockBytes = status.getLong(72);
    return new Space(
        status.getLong(16) * blockBytes,
        status.getLong(24) * blockBytes,
        status.getLong(32) * blockBytes,
        status.getLong(64));
  }

  /** Sets access and modification times (seconds, nanoseconds, twice) of the path itself. */
  public static void setTimes(byte[] path, long... times) {
    check(LIBC.utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW));
  }

  public static void write(byte[] path, byte[] contents) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC);
    try {
      writeAll(fd, contents, 0);
    } finally {
      LIBC.close(fd);
    }
  }

  public static void writeAll(int fd, byte[] contents, long offset) {
    if (check(LIBC.pwrite(fd, contents, contents.length, offset)) != contents.length) {
      throw new AssertionError("short write");
    }
  }

  /** At most {@code length} bytes; less only at the end of the file. */
  public static byte[] read(int fd, long offset, int length) {
    byte[] buffer = new byte[length];
    return Arrays.copyOf(buffer, (int) check(LIBC.pread(fd, buffer, length, offset)));
  }

  public static byte[] read(byte[] path) {
    int fd = open(path, O_RDONLY);
    try {
      return read(fd, 0, (int) stat(fd).sizeBytes());
    } finally {
      LIBC.close(fd);
    }
  }

  public static byte[] readLink(byte[] path) {
    byte[] buffer = new byte[4096];
    return Arrays.copyOf(buffer, (int) check(LIBC.readlink(path, buffer, buffer.length)));
  }

  public static byte[] getXattr(byte[] path, String name) {
    byte[] key = path(name);
    long size = check(LIBC.lgetxattr(path, key, null, 0));
    byte[] value = new byte[(int) size];
    if (size > 0) {
      check(LIBC.lgetxattr(path, key, value, size));
    }
    return value;
  }

  public static void setXattr(byte[] path, String name, byte[] value) {
    check(LIBC.lsetxattr(path, path(name), value, value.length, 0));
  }

  public static TreeSet<String> listXattrs(byte[] path) {
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
  public static TreeSet<String> list(byte[] path) {
    Pointer directory = openDirectory(path);
    try {
      return list(directory);
    } finally {
      LIBC.closedir(directory);
    }
  }

  public static Pointer openDirectory(byte[] path) {
    Pointer directory = LIBC.opendir(path);
    if (directory == null) {
      throw lastFailure();
    }
    return directory;
  }

  public static TreeSet<String> list(Pointer directory) {
    TreeSet<String> names = new TreeSet<>();
    for (Entry entry = next(directory); entry != null; entry = next(directory)) {
      if (!entry.isDots() && !names.add(entry.name())) {
        throw new AssertionError("listed twice: " + entry.name());
      }
    }
    return names;
  }

  /** One struct dirent64: the type as in st_mode, shifted by 12. */
  public record Entry(long inode, int type, String name) {
    public boolean isDots() {
      return name.equals(".") || name.equals("..");
    }
  }

  /** The next entry, or null at the end. */
  public static Entry next(Pointer directory) {
    Pointer entry = LIBC.readdir(directory);
    return entry == null
        ? null
        : new Entry(
            entry.getLong(0),
            entry.getByte(18),
            entry.getString(19, 256, StandardCharsets.ISO_8859_1));
  }
}
