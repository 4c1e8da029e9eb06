package dev.firn.fuse;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;

import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import jnr.ffi.Pointer;

/**
 * Maps files that are open in another process, as asked on standard input. Argument: that process.
 * An answer is a number, or -1 and the error. Ends with its input.
 */
final class MappingService {
  private static final int MS_SYNC = 4;

  // The same on all architectures.
  private static final long SYS_PIDFD_OPEN = 434;
  private static final long SYS_PIDFD_GETFD = 438;

  /** A mapping here. */
  private record Range(Pointer start, long length) {}

  private final DataInputStream requests = new DataInputStream(System.in);
  private final DataOutputStream answers =
      new DataOutputStream(new BufferedOutputStream(System.out));
  private final Map<Integer, Range> ranges = new HashMap<>();
  private final int process;
  private int last;

  private MappingService(long processId) {
    process = (int) check(LIBC.syscall(SYS_PIDFD_OPEN, processId, 0));
  }

  public static void main(String[] arguments) throws IOException {
    MappingService service = new MappingService(Long.parseLong(arguments[0]));
    try {
      while (true) {
        service.serve();
      }
    } catch (EOFException e) {
      // The other process has ended.
      return;
    }
  }

  private void serve() throws IOException {
    byte command = requests.readByte();
    try {
      switch (command) {
        case MappingProcess.MAP -> map();
        case MappingProcess.LOAD -> load();
        case MappingProcess.STORE -> store();
        case MappingProcess.SYNC -> {
          Range range = ranges.get(requests.readInt());
          check(LIBC.msync(range.start, range.length, MS_SYNC));
          answers.writeInt(0);
        }
        case MappingProcess.UNMAP -> {
          Range range = ranges.remove(requests.readInt());
          check(LIBC.munmap(range.start, range.length));
          answers.writeInt(0);
        }
        default -> throw new IllegalStateException("command " + command);
      }
    } catch (Posix.Failure e) {
      answers.writeInt(-1);
      answers.writeInt(e.errno().intValue());
    }
    answers.flush();
  }

  private void map() throws IOException {
    int theirs = requests.readInt();
    long offset = requests.readLong();
    long length = requests.readLong();
    int protection = requests.readInt();
    int flags = requests.readInt();
    // The same open file, not another one of it: its rights count, and so does its end.
    int fd = (int) check(LIBC.syscall(SYS_PIDFD_GETFD, process, theirs, 0));
    try {
      Pointer start = LIBC.mmap(null, length, protection, flags, fd, offset);
      check(start.address());
      ranges.put(++last, new Range(start, length));
    } finally {
      LIBC.close(fd);
    }
    answers.writeInt(last);
  }

  private void load() throws IOException {
    Range range = ranges.get(requests.readInt());
    long offset = requests.readLong();
    byte[] bytes = new byte[requests.readInt()];
    range.start.get(offset, bytes, 0, bytes.length);
    answers.writeInt(0);
    answers.write(bytes);
  }

  private void store() throws IOException {
    Range range = ranges.get(requests.readInt());
    long offset = requests.readLong();
    byte[] bytes = new byte[requests.readInt()];
    requests.readFully(bytes);
    range.start.put(offset, bytes, 0, bytes.length);
    answers.writeInt(0);
  }
}
