package dev.firn.fuse;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.LongWork;
import dev.firn.vfs.FileSystem;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A request that takes long, and a program that is told to end, or cut off, meanwhile. The kernel's
 * wish to interrupt a request is not heeded: neither the program nor the mount may be stuck.
 */
@ParameterizedClass
@MethodSource("dev.firn.fuse.TestTransports#kernel")
@Timeout(120)
class SlowRequestIT {
  private static final int WAIT_SECONDS = 30;

  /** What a shell adds to the number of the signal that ended a program. */
  private static final int SIGNALLED = 128;

  @Parameter Transport transport;

  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch mayEnd = new CountDownLatch(1);

  /** To read a link takes until it may end. */
  private FileSystem fileSystem() {
    return HookedFileSystem.with(
        method -> {
          if (method.equals("readLink")) {
            // Or the thread that receives requests might be the one that waits.
            LongWork.begins();
            begun.countDown();
            mayEnd.await();
          }
        });
  }

  /** Starts a program that waits for the answer to its request. */
  private Process waitingProgram(TestMount mount) throws Exception {
    check(LIBC.symlink(Posix.path("target"), mount.path("link")));
    String link = mount.directory().resolve("link").toString();
    // Whoever runs the tests in the background may have all of them ignore SIGINT.
    Process program = new ProcessBuilder("env", "--default-signal=INT", "readlink", link).start();
    assertTrue(begun.await(WAIT_SECONDS, TimeUnit.SECONDS));
    return program;
  }

  @ParameterizedTest
  @CsvSource({"INT, 2", "KILL, 9"})
  void aSignalTakesEffectWithTheAnswer(String name, int number) throws Exception {
    try (TestMount mount = new TestMount(transport, fileSystem())) {
      Process program = waitingProgram(mount);
      try {
        String pid = Long.toString(program.pid());
        assertEquals(0, new ProcessBuilder("kill", "-" + name, pid).start().waitFor());
        for (int i = 0; i < 100; i++) {
          check(LIBC.mkdir(mount.path("directory-" + i), 0755));
        }
      } finally {
        mayEnd.countDown();
      }
      assertTrue(program.waitFor(WAIT_SECONDS, TimeUnit.SECONDS), "it hangs");
      assertEquals(SIGNALLED + number, program.exitValue());
      assertArrayEquals("target".getBytes(), Posix.readLink(mount.path("link")));
    }
  }

  @Test
  void whoeverWaitsIsFreedWhenTheMountIsCutOff() throws Exception {
    try (TestMount mount = new TestMount(transport, fileSystem())) {
      Process program = waitingProgram(mount);
      try {
        assertTrue(FuseConnection.cutOff(mount.directory()));
        assertTrue(program.waitFor(WAIT_SECONDS, TimeUnit.SECONDS), "it hangs");
        assertNotEquals(0, program.exitValue());
      } finally {
        mayEnd.countDown();
      }
    }
  }
}
