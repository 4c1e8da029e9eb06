package dev.firn.fuse;

import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import jnr.constants.platform.Errno;

/**
 * The other process that maps files for this one; {@link MappingService} is what runs there. It
 * starts with the first mapping and ends with this process. Safe for concurrent use, one call at a
 * time.
 */
final class MappingProcess {
  static final byte MAP = 1;
  static final byte LOAD = 2;
  static final byte STORE = 3;
  static final byte SYNC = 4;
  static final byte UNMAP = 5;

  private static MappingProcess instance;

  private final DataOutputStream requests;
  private final DataInputStream answers;

  private MappingProcess() throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx200m",
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                MappingService.class.getName(),
                Long.toString(ProcessHandle.current().pid()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    requests = new DataOutputStream(new BufferedOutputStream(process.getOutputStream()));
    answers = new DataInputStream(process.getInputStream());
  }

  static synchronized MappingProcess get() {
    if (instance == null) {
      try {
        instance = new MappingProcess();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return instance;
  }

  private interface Call {
    void write(DataOutputStream request) throws IOException;
  }

  /** Answers what the process answered, -1 being a failure. */
  private int call(Call call) throws IOException {
    call.write(requests);
    requests.flush();
    int result = answers.readInt();
    if (result == -1) {
      throw new Posix.Failure(Errno.valueOf(answers.readInt()));
    }
    return result;
  }

  synchronized int map(int fd, long offset, long length, int protection, int flags) {
    try {
      return call(
          request -> {
            request.writeByte(MAP);
            request.writeInt(fd);
            request.writeLong(offset);
            request.writeLong(length);
            request.writeInt(protection);
            request.writeInt(flags);
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  synchronized byte[] load(int number, long offset, int count) {
    try {
      call(
          request -> {
            request.writeByte(LOAD);
            request.writeInt(number);
            request.writeLong(offset);
            request.writeInt(count);
          });
      byte[] bytes = new byte[count];
      answers.readFully(bytes);
      return bytes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  synchronized void store(int number, long offset, byte[] bytes) {
    try {
      call(
          request -> {
            request.writeByte(STORE);
            request.writeInt(number);
            request.writeLong(offset);
            request.writeInt(bytes.length);
            request.write(bytes);
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void sync(int number) {
    simple(SYNC, number);
  }

  void unmap(int number) {
    simple(UNMAP, number);
  }

  private synchronized void simple(byte command, int number) {
    try {
      call(
          request -> {
            request.writeByte(command);
            request.writeInt(number);
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
