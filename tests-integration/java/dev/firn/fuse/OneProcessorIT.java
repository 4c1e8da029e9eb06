package dev.firn.fuse;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Many requests at once that wait for other requests, all from one processor, so that over io_uring
 * they meet in one queue: the WRITEs that they wait for must come through.
 */
@ParameterizedClass
@MethodSource("dev.firn.fuse.TestTransports#kernel")
class OneProcessorIT {
  /** More than any number of threads that serve a mount without being asked for long. */
  private static final int CALLERS = 32;

  private static final int ROUNDS = 15;
  private static final int BYTES = 20_000;
  private static final int WAIT_SECONDS = 60;

  @Parameter Transport transport;

  /** SEEK_DATA of a file with changed pages makes the kernel write these back first. */
  private static long writeAndSeek(byte[] path) {
    check(LIBC.sched_setaffinity(0, 8, new byte[] {1, 0, 0, 0, 0, 0, 0, 0}));
    int fd = (int) check(LIBC.open(path, Posix.O_RDWR | Posix.O_CREAT, 0644));
    long sum = 0;
    for (int i = 1; i <= ROUNDS; i++) {
      long offset = 1_000_000L * i;
      check(LIBC.pwrite(fd, new byte[] {1}, 1, offset + BYTES));
      sum += check(LIBC.lseek(fd, offset + BYTES, Posix.SEEK_DATA)) - offset;
    }
    check(LIBC.close(fd));
    return sum;
  }

  @Test
  void whoWaitsForWritesDoesNotKeepThemOut() throws Exception {
    try (TestVolume volume = new TestVolume();
        TestMount mount = new TestMount(transport, volume.fileSystem())) {
      List<CompletableFuture<Long>> answers = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        byte[] path = mount.path("file-" + i);
        CompletableFuture<Long> answer = new CompletableFuture<>();
        answers.add(answer);
        Thread thread =
            new Thread(
                () -> {
                  try {
                    answer.complete(writeAndSeek(path));
                  } catch (Throwable e) {
                    answer.completeExceptionally(e);
                  }
                },
                "seek-" + i);
        thread.setDaemon(true);
        thread.start();
      }
      for (CompletableFuture<Long> each : answers) {
        assertEquals(1L * ROUNDS * BYTES, each.get(WAIT_SECONDS, TimeUnit.SECONDS));
      }
    }
  }
}
