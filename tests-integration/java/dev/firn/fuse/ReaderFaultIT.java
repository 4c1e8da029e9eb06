package dev.firn.fuse;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.vfs.FileSystem;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Faults outside of what answers requests: threads of the kernel transport end by them. */
@ParameterizedClass
@MethodSource("dev.firn.fuse.TestTransports#kernel")
class ReaderFaultIT {
  @Parameter Transport transport;

  private static final int WAIT_SECONDS = 30;

  private final AtomicBoolean faulty = new AtomicBoolean();

  /** Fails once when it is asked who is to serve a request. */
  private FileSystem fileSystem() {
    MemoryFileSystem sound = new MemoryFileSystem();
    return (FileSystem)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {FileSystem.class},
            (proxy, method, arguments) -> {
              boolean deciding =
                  Arrays.stream(Thread.currentThread().getStackTrace())
                      .anyMatch(frame -> frame.getMethodName().equals("maySleepLong"));
              if (deciding && faulty.compareAndSet(true, false)) {
                throw new NoClassDefFoundError("on purpose");
              }
              try {
                return method.invoke(sound, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @Test
  void whoAskedAThreadThatEndsIsAnsweredAndTheMountLivesOn() throws Exception {
    try (TestMount mount = new TestMount(transport, fileSystem())) {
      faulty.set(true);
      // In a process of its own, or the test could not give up waiting.
      Process mkdir =
          new ProcessBuilder("mkdir", mount.directory() + "/refused")
              .redirectErrorStream(true)
              .start();
      assertTrue(mkdir.waitFor(WAIT_SECONDS, TimeUnit.SECONDS), "it waits for an answer");
      String said = new String(mkdir.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(said.contains("Input/output error"), said);
      assertEquals(1, mkdir.exitValue());
      check(LIBC.mkdir(mount.path("made"), 0755));
    }
  }
}
