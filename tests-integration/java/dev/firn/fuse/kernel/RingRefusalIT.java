package dev.firn.fuse.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.firn.base.FirnException;
import dev.firn.fuse.MemoryFileSystem;
import dev.firn.fuse.MountOptions;
import dev.firn.fuse.MountPoint;
import dev.firn.fuse.Posix;
import dev.firn.fuse.TestTransports;
import dev.firn.fuse.Waiting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** The kernel refuses what is registered with it, after it was promised rings. */
class RingRefusalIT {
  private static final int WAIT_SECONDS = 30;
  private static final int TOO_SHORT_BYTES = 4096;

  @TempDir Path scratch;

  private Path directory;
  private final CompletableFuture<Throwable> ended = new CompletableFuture<>();

  @BeforeEach
  void ringsAreOffered() throws IOException {
    assumeTrue(TestTransports.ringsAreOffered(), "the kernel does not offer io_uring");
    directory = Files.createDirectory(scratch.resolve("mount"));
  }

  @AfterEach
  void takeAway() throws IOException {
    if (directory != null
        && Files.readString(Path.of("/proc/self/mounts")).contains(directory.toString())) {
      MountPoint.unmountLazily(directory);
    }
  }

  /** A mount whose servers from {@code firstShort} on have too little memory for requests. */
  private Session start(String option, int firstShort) throws IOException {
    KernelOptions options =
        new KernelOptions(new MountOptions("firn-test", false, List.of(option)), true);
    Device device = Mounter.mount(directory, options);
    boolean started = false;
    try {
      Session session =
          Session.start(
              new MemoryFileSystem(),
              directory,
              device,
              options,
              (owner, dispatcher, at, descriptor) ->
                  Rings.open(
                      owner,
                      dispatcher,
                      at,
                      descriptor,
                      i -> i < firstShort ? Negotiation.PAYLOAD_BYTES_MAX : TOO_SHORT_BYTES),
              ended::complete);
      started = true;
      return session;
    } finally {
      if (!started) {
        device.close();
        MountPoint.unmountLazily(directory);
      }
    }
  }

  private static boolean noRingThread() {
    return Thread.getAllStackTraces().keySet().stream()
        .noneMatch(thread -> thread.getName().startsWith("fuse-mount-ring"));
  }

  /** Who waits for a worker's end is told by the worker itself, a moment before its thread ends. */
  private static void assertRingThreadsEnd() throws Exception {
    assertTrue(Waiting.until(WAIT_SECONDS * 1000L, RingRefusalIT::noRingThread));
  }

  /** At the first queue, and, where there are more, after others were registered. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void theMountIsServedOverTheDevice(int firstShort) throws Exception {
    assumeTrue(firstShort < Runtime.getRuntime().availableProcessors(), "one processor only");
    ListAppender<ILoggingEvent> said = new ListAppender<>();
    said.start();
    Logger log = (Logger) LoggerFactory.getLogger(Session.class);
    log.addAppender(said);
    log.setLevel(Level.INFO);
    Session session;
    try {
      session = start("io_uring=auto", firstShort);
    } finally {
      log.setLevel(null);
      log.detachAppender(said);
    }
    assertEquals(
        List.of(
            directory
                + ": requests come over /dev/fuse, not io_uring: the kernel refused the memory for"
                + " requests"),
        said.list.stream()
            .map(ILoggingEvent::getFormattedMessage)
            .filter(message -> message.contains("not io_uring"))
            .toList());
    assertFalse(session.usesRings());
    assertRingThreadsEnd();
    byte[] contents = new byte[100_000];
    contents[99_999] = 1;
    Posix.write(Posix.path(directory, "/file"), contents);
    assertArrayEquals(contents, Posix.read(Posix.path(directory, "/file")));
    assertTrue(MountPoint.unmount(directory));
    assertEquals(null, ended.get(WAIT_SECONDS, TimeUnit.SECONDS));
  }

  @Test
  void whoInsistsHasNoMount() throws Exception {
    FirnException refusal = assertThrows(FirnException.class, () -> start("io_uring=on", 0));
    assertTrue(refusal.getMessage().contains("firn doctor"), refusal.getMessage());
    assertFalse(Files.readString(Path.of("/proc/self/mounts")).contains(directory.toString()));
    assertRingThreadsEnd();
  }
}
