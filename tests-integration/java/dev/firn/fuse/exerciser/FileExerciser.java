package dev.firn.fuse.exerciser;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;

import dev.firn.fuse.Mapping;
import dev.firn.fuse.Posix;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Random;

/**
 * Does random operations to one file, each in one of the many ways that bytes get into and out of a
 * file, and knows after each what the file must hold. A second file is there to copy from and to.
 *
 * <p>What it looks for is one way that does not see what another did: a page that should have been
 * dropped, a write that comes back after a truncation, a size from before.
 */
final class FileExerciser implements AutoCloseable {
  private static final int SIZE_BYTES_MAX = 600_000;
  private static final int PAGE_BYTES = 4096;
  private static final int READ_WRITE = Mapping.PROT_READ | Mapping.PROT_WRITE;
  private static final int HISTORY = 40;

  private final Random random;
  private final byte[] path;
  private final ExercisedFile file;
  private final ExercisedFile other;
  private final Deque<String> history = new ArrayDeque<>();
  private int done;

  /** A mapping that stays while the file changes below it; only what lies in the file is used. */
  private Mapping lasting;

  FileExerciser(Random random, byte[] path, byte[] otherPath) {
    this.random = random;
    this.path = path;
    file = new ExercisedFile(path, SIZE_BYTES_MAX);
    other = new ExercisedFile(otherPath, SIZE_BYTES_MAX);
    lasting = Mapping.of(file.fd(), 0, SIZE_BYTES_MAX, READ_WRITE, Mapping.MAP_SHARED);
  }

  /** What the file must hold now. */
  byte[] expected() {
    return file.expected();
  }

  byte[] path() {
    return path;
  }

  /** Does one operation and checks the size; often more. */
  void step() {
    done++;
    int choice = random.nextInt(100);
    if (choice < 22) {
      write();
    } else if (choice < 36) {
      read();
    } else if (choice < 46) {
      mappedWrite();
    } else if (choice < 52) {
      mappedRead();
    } else if (choice < 60) {
      truncate();
    } else if (choice < 65) {
      allocate("punch hole", Posix.PUNCH_HOLE | Posix.KEEP_SIZE);
    } else if (choice < 69) {
      allocate("zero range", Posix.ZERO_RANGE | (random.nextBoolean() ? Posix.KEEP_SIZE : 0));
    } else if (choice < 71) {
      allocate("allocate", random.nextBoolean() ? Posix.KEEP_SIZE : 0);
    } else if (choice < 81) {
      copy();
    } else if (choice < 86) {
      direct();
    } else if (choice < 90) {
      reopen();
    } else if (choice < 93) {
      sync();
    } else if (choice < 96) {
      dropPages();
    } else {
      holes();
    }
    file.checkSize();
  }

  private void write() {
    ExercisedFile target = random.nextInt(8) == 0 ? other : file;
    byte[] bytes = randomBytes(target);
    int offset = randomOffset(SIZE_BYTES_MAX - bytes.length);
    log("write " + bytes.length + " at " + offset + (target == other ? " of the other" : ""));
    Posix.writeAll(target.fd(), bytes, offset);
    target.put(offset, bytes);
  }

  private void read() {
    int offset = randomOffset(SIZE_BYTES_MAX);
    int length = randomLength();
    log("read " + length + " at " + offset);
    file.checkRead("read", offset, Posix.read(file.fd(), offset, length), length);
  }

  private void mappedWrite() {
    if (file.size() == 0) {
      return;
    }
    int offset = random.nextInt(file.size());
    byte[] bytes = new byte[Math.min(randomLength(), file.size() - offset)];
    random.nextBytes(bytes);
    boolean last = random.nextBoolean();
    boolean sync = random.nextInt(3) == 0;
    log(
        "store "
            + bytes.length
            + " at "
            + offset
            + (last ? "" : ", new mapping")
            + (sync ? ", sync" : ""));
    if (last) {
      lasting.put(offset, bytes);
      if (sync) {
        lasting.sync();
      }
    } else {
      int start = offset / PAGE_BYTES * PAGE_BYTES;
      int length = offset - start + bytes.length;
      try (Mapping mapping = Mapping.of(file.fd(), start, length, READ_WRITE, Mapping.MAP_SHARED)) {
        mapping.put(offset - start, bytes);
        if (sync) {
          mapping.sync();
        }
      }
    }
    file.put(offset, bytes);
  }

  private void mappedRead() {
    if (file.size() == 0) {
      return;
    }
    int offset = random.nextInt(file.size());
    int length = Math.min(randomLength(), file.size() - offset);
    log("load " + length + " at " + offset);
    file.checkRead("load", offset, lasting.get(offset, length), length);
  }

  private void truncate() {
    int size = random.nextInt(6) == 0 ? random.nextInt(100) : randomOffset(SIZE_BYTES_MAX);
    log("truncate to " + size + " from " + file.size());
    if (random.nextBoolean()) {
      check(LIBC.ftruncate(file.fd(), size));
    } else {
      check(LIBC.truncate(path, size));
    }
    file.resize(size);
  }

  private void allocate(String what, int mode) {
    int offset = randomOffset(SIZE_BYTES_MAX - 1);
    int length = 1 + Math.min(randomLength(), SIZE_BYTES_MAX - 1 - offset);
    log(what + " " + length + " at " + offset + " mode " + mode);
    check(LIBC.fallocate(file.fd(), mode, offset, length));
    if ((mode & (Posix.PUNCH_HOLE | Posix.ZERO_RANGE)) != 0) {
      file.zero(offset, length);
    }
    if ((mode & Posix.KEEP_SIZE) == 0 && offset + length > file.size()) {
      file.resize(offset + length);
    }
  }

  private void copy() {
    int kind = random.nextInt(3);
    ExercisedFile source = kind == 1 ? other : file;
    ExercisedFile target = kind == 2 ? other : file;
    if (source.size() == 0) {
      return;
    }
    int from = random.nextInt(source.size());
    int length = Math.min(randomLength(), source.size() - from);
    int to = randomOffset(SIZE_BYTES_MAX - length);
    boolean overlaps = source == target && from < to + length && to < from + length;
    if (overlaps || length == 0) {
      return;
    }
    String[] kinds = {"", " from the other", " to the other"};
    log("copy " + length + kinds[kind] + " from " + from + " to " + to);
    for (int copied = 0; copied < length; ) {
      long[] fromNow = {from + copied};
      long[] toNow = {to + copied};
      long part =
          check(LIBC.copy_file_range(source.fd(), fromNow, target.fd(), toNow, length - copied, 0));
      if (part == 0) {
        throw new AssertionError("copied nothing of " + (length - copied));
      }
      copied += (int) part;
    }
    target.put(to, source.part(from, length));
  }

  /** Reads or writes whole pages past the cache. */
  private void direct() {
    int pages = 1 + random.nextInt(20);
    int page = random.nextInt(SIZE_BYTES_MAX / PAGE_BYTES - pages);
    boolean write = random.nextBoolean();
    log("direct " + (write ? "write " : "read ") + pages + " pages at page " + page);
    int length = pages * PAGE_BYTES;
    long offset = (long) page * PAGE_BYTES;
    int fd = Posix.open(path, Posix.O_RDWR | Posix.O_DIRECT);
    try (Mapping.Memory memory = new Mapping.Memory(length)) {
      if (write) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        memory.put(bytes);
        if (check(LIBC.pwrite(fd, memory.pointer(), length, offset)) != length) {
          throw new AssertionError("short direct write");
        }
        file.put((int) offset, bytes);
      } else {
        int got = (int) check(LIBC.pread(fd, memory.pointer(), length, offset));
        file.checkRead("direct read", (int) offset, memory.get(got), length);
      }
    } finally {
      check(LIBC.close(fd));
    }
  }

  private void reopen() {
    log("reopen");
    boolean mapped = random.nextBoolean();
    if (mapped) {
      lasting.close();
    }
    file.reopen();
    other.reopen();
    if (mapped) {
      lasting = Mapping.of(file.fd(), 0, SIZE_BYTES_MAX, READ_WRITE, Mapping.MAP_SHARED);
    }
  }

  void syncFile() {
    check(LIBC.fsync(file.fd()));
  }

  private void sync() {
    int kind = random.nextInt(3);
    log("sync " + kind);
    check(
        kind == 0
            ? LIBC.fsync(file.fd())
            : kind == 1 ? LIBC.fdatasync(file.fd()) : LIBC.syncfs(file.fd()));
  }

  /** Of this file only: the rest of the machine keeps its caches. */
  private void dropPages() {
    log("drop pages");
    int dontNeed = 4;
    check(LIBC.fdatasync(file.fd()));
    LIBC.posix_fadvise(file.fd(), 0, 0, dontNeed);
    checkAll();
  }

  private void holes() {
    log("seek holes");
    file.checkHoles();
  }

  /** The whole of both files must be right. */
  void checkAll() {
    file.checkAll();
    other.checkAll();
  }

  /** Everything done so far that a failure needs to be told with. */
  String history() {
    return "operation " + done + ", the last of:\n  " + String.join("\n  ", history);
  }

  private void log(String what) {
    history.add(what + " (size " + file.size() + ")");
    if (history.size() > HISTORY) {
      history.remove();
    }
  }

  private byte[] randomBytes(ExercisedFile target) {
    byte[] bytes = new byte[randomLength()];
    if (random.nextInt(10) > 0) {
      random.nextBytes(bytes);
    } else {
      Arrays.fill(bytes, (byte) 0);
    }
    return bytes;
  }

  private int randomLength() {
    int[] most = {10, 600, 5_000, 70_000, 200_000};
    return 1 + random.nextInt(most[random.nextInt(most.length)]);
  }

  /** Often at a page, or near the end of the file, where faults are. */
  private int randomOffset(int most) {
    int offset =
        switch (random.nextInt(4)) {
          case 0 -> random.nextInt(SIZE_BYTES_MAX / PAGE_BYTES) * PAGE_BYTES;
          case 1 -> file.size() + random.nextInt(200) - 100;
          default -> random.nextInt(SIZE_BYTES_MAX);
        };
    return Math.max(0, Math.min(offset, most));
  }

  @Override
  public void close() {
    lasting.close();
    file.close();
    other.close();
  }
}
