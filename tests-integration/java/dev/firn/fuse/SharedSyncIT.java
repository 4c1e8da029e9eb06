package dev.firn.fuse;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.LongWork;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileSystem;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Many fsyncs at once: they share syncs, hold up nothing else, and all hear of a failure. */
@ParameterizedClass
@MethodSource("dev.firn.fuse.TestTransports#kernel")
@Timeout(120)
class SharedSyncIT {
  @Parameter Transport transport;

  /** More than there are threads that serve a mount. */
  private static final int CALLERS = 24;

  private static final int WAIT_SECONDS = 60;

  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch mayEnd = new CountDownLatch(1);
  private final AtomicInteger runs = new AtomicInteger();
  private volatile boolean failing;

  /** Its first sync takes until it may end. */
  private FileSystem fileSystem() {
    return HookedFileSystem.with(
        method -> {
          if (method.startsWith("sync")) {
            runs.incrementAndGet();
            // Or the thread that receives requests might be the one that waits.
            LongWork.begins();
            begun.countDown();
            mayEnd.await();
            if (failing) {
              throw new ErrnoException(Errno.ENOSPC);
            }
          }
        });
  }

  /** Each of a file of its own: of one file the kernel syncs once at a time. */
  private static List<CompletableFuture<Integer>> fsyncFromManyThreads(TestMount mount) {
    List<CompletableFuture<Integer>> answers = new ArrayList<>();
    for (int i = 0; i < CALLERS; i++) {
      byte[] path = mount.path("file-" + i);
      CompletableFuture<Integer> answer = new CompletableFuture<>();
      answers.add(answer);
      Thread thread = new Thread(() -> answer.complete(fsync(path)), "fsync-" + i);
      thread.setDaemon(true);
      thread.start();
    }
    return answers;
  }

  private static int fsync(byte[] path) {
    int fd = (int) check(LIBC.open(path, Posix.O_RDWR | Posix.O_CREAT, 0644));
    int answer = LIBC.fsync(fd);
    LIBC.close(fd);
    return answer;
  }

  private void expectAll(int answer) throws Exception {
    try (TestMount mount = new TestMount(transport, fileSystem())) {
      try {
        List<CompletableFuture<Integer>> answers = fsyncFromManyThreads(mount);
        assertTrue(begun.await(WAIT_SECONDS, TimeUnit.SECONDS));
        // Others are served while it takes its time.
        CompletableFuture.runAsync(
                () -> {
                  for (int i = 0; i < 100; i++) {
                    check(LIBC.mkdir(mount.path("directory-" + i), 0755));
                  }
                })
            .get(WAIT_SECONDS, TimeUnit.SECONDS);
        assertEquals(1, runs.get());
        assertFalse(answers.stream().anyMatch(CompletableFuture::isDone));
        mayEnd.countDown();
        for (CompletableFuture<Integer> each : answers) {
          assertEquals(answer, each.get(WAIT_SECONDS, TimeUnit.SECONDS));
        }
        assertTrue(runs.get() < CALLERS, runs + " syncs for " + CALLERS + " callers");
      } finally {
        failing = false;
        mayEnd.countDown();
      }
    }
  }

  @Test
  void callersShareASyncAndOthersGoOnMeanwhile() throws Exception {
    expectAll(0);
  }

  @Test
  void allHearOfAFailure() throws Exception {
    failing = true;
    expectAll(-1);
  }
}
