package dev.firn.fuse.posix;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.fuse.TestMount;
import dev.firn.fuse.TestVolume;
import dev.firn.fuse.Transport;
import dev.firn.fuse.UseCounts;
import dev.firn.fuse.Waiting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * All scenarios on a volume mounted through a transport. After each, the transport must have let go
 * of everything but the root.
 */
abstract class MountedPosixScenarios extends PosixScenarios {
  private static final long UNASKED_MILLIS = 200;
  private static final long WAIT_MILLIS = 20_000;

  private TestVolume volume;
  private TestMount mount;
  private UseCounts uses;

  abstract Transport transport();

  @BeforeAll
  void setUp() throws IOException {
    volume = new TestVolume();
    uses = new UseCounts(volume.fileSystem());
    mount = new TestMount(transport(), uses.fileSystem(), "suid", "dev");
  }

  @AfterAll
  void tearDown() throws IOException {
    if (mount == null) {
      return;
    }
    try {
      mount.close();
      assertEquals("", uses.held());
    } finally {
      volume.close();
    }
  }

  @Override
  Path root() {
    return mount.directory();
  }

  /**
   * The kernel sends FORGET and RELEASE when it likes to. Removed files it forgets by itself; the
   * rest it is asked to drop, which slows down the whole machine.
   */
  @Override
  void checkNothingIsHeld() throws Exception {
    if (Waiting.until(UNASKED_MILLIS, () -> uses.held().isEmpty())) {
      return;
    }
    String dentriesAndInodes = "2";
    Files.writeString(Path.of("/proc/sys/vm/drop_caches"), dentriesAndInodes);
    if (!Waiting.until(WAIT_MILLIS, () -> uses.held().isEmpty())) {
      String held = uses.held();
      uses.forgive();
      throw new AssertionError("still held: " + held);
    }
  }
}
