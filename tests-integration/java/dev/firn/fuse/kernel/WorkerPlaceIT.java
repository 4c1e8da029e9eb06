package dev.firn.fuse.kernel;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.firn.fuse.HookedFileSystem;
import dev.firn.fuse.Posix;
import dev.firn.fuse.TestMount;
import dev.firn.fuse.TestTransports;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Who serves direct reads goes elsewhere for a trial, and comes back for what is not one. */
class WorkerPlaceIT {
  private static final Path STATUS = Path.of("/proc/thread-self/status");
  private static final String ALLOWED = "Cpus_allowed_list:";
  private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final int BYTES = 4096;

  /** Where the last request of a kind was served. */
  private volatile boolean readAtHome;

  private volatile boolean statusAtHome;

  private void serves(String method) {
    if (method.equals("read")) {
      readAtHome = isAtHome();
    } else if (method.equals("status")) {
      statusAtHome = isAtHome();
    }
  }

  /** In the worker: whether it is bound to the processor of its queue. */
  private static boolean isAtHome() {
    String name = Thread.currentThread().getName();
    String number = name.substring(name.lastIndexOf('-') + 1);
    try {
      return Files.readAllLines(STATUS).stream()
          .filter(line -> line.startsWith(ALLOWED))
          .anyMatch(line -> line.substring(ALLOWED.length()).strip().equals(number));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void elsewhereIsTriedAndLeftAgain() throws Exception {
    assumeTrue(TestTransports.ringsAreOffered(), "the kernel does not offer io_uring");
    assumeTrue(Affinity.processors() > 1, "one processor only");
    try (TestMount mount =
        new TestMount(TestTransports.overRings(), HookedFileSystem.with(this::serves))) {
      Files.write(mount.directory().resolve("file"), new byte[BYTES]);
      int fd = Posix.open(mount.path("file"), Posix.O_RDONLY | Posix.O_DIRECT);
      read(fd);
      assertTrue(readAtHome, "the first read is served elsewhere");
      for (int round = 0; round < 3; round++) {
        readUntil(fd, false);
        status(mount);
        // It was served where the worker was; after it, that goes back.
        status(mount);
        assertTrue(statusAtHome, "a worker stays elsewhere");
        readUntil(fd, true);
      }
      check(LIBC.close(fd));
    }
  }

  private static void read(int fd) {
    assertEquals(BYTES, check(LIBC.pread(fd, new byte[BYTES], BYTES, 0)));
  }

  private void readUntil(int fd, boolean atHome) {
    long start = System.nanoTime();
    do {
      assertTrue(System.nanoTime() - start < LIMIT_NANOS, atHome ? "never back" : "never tried");
      read(fd);
    } while (readAtHome != atHome);
  }

  /** No kernel keeps the answer. */
  private static void status(TestMount mount) throws IOException {
    assertTrue(Files.getFileStore(mount.directory()).getTotalSpace() > 0);
  }
}
