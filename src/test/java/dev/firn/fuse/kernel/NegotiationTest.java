package dev.firn.fuse.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.FirnException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class NegotiationTest {
  private static final Path DIRECTORY = Path.of("/mnt");

  private static Request init(int major, int minor, int flags) {
    return Requests.of(Opcode.INIT, 0, major, minor, 131072, flags, 0, new byte[44]);
  }

  @Test
  void onlyWhatTheKernelOffersIsUsed() {
    Request init = init(7, 31, (int) (InitFlags.BIG_WRITES | InitFlags.WRITEBACK_CACHE));
    long optional = InitFlags.WRITEBACK_CACHE | InitFlags.POSIX_ACL;
    Negotiation negotiation = Negotiation.of(init, optional, DIRECTORY);
    assertTrue(negotiation.has(InitFlags.BIG_WRITES));
    assertTrue(negotiation.has(InitFlags.WRITEBACK_CACHE));
    assertFalse(negotiation.has(InitFlags.POSIX_ACL));
    assertFalse(negotiation.has(InitFlags.SETXATTR_EXT));
    assertEquals(64, negotiation.answer(init));
    assertEquals(7, Requests.bodyInt(init, 0));
    assertEquals(31, Requests.bodyInt(init, 4));
    assertEquals(
        InitFlags.BIG_WRITES | InitFlags.WRITEBACK_CACHE, Requests.bodyInt(init, 12) & 0xffffffffL);
    assertEquals(1 << 20, Requests.bodyInt(init, 20));
    init.free();
  }

  @Test
  void writeBackCanBeTurnedOff() {
    Request init = init(7, 45, -1);
    assertFalse(Negotiation.of(init, 0, DIRECTORY).has(InitFlags.WRITEBACK_CACHE));
    assertTrue(
        Negotiation.of(init, InitFlags.WRITEBACK_CACHE, DIRECTORY).has(InitFlags.WRITEBACK_CACHE));
    init.free();
  }

  @Test
  void newerKernelsAreAnsweredWithTheNewestKnownVersion() {
    Request init = init(7, 99, -1);
    Negotiation.of(init, 0, DIRECTORY).answer(init);
    assertEquals(45, Requests.bodyInt(init, 4));
    init.free();
  }

  @Test
  void olderKernelsAreRefusedWithAWayOut() {
    Request init = init(7, 30, -1);
    FirnException refusal =
        assertThrows(FirnException.class, () -> Negotiation.of(init, 0, DIRECTORY));
    assertTrue(refusal.getMessage().contains("7.30"), refusal.getMessage());
    assertTrue(refusal.getMessage().contains("--transport jnr-fuse"), refusal.getMessage());
    init.free();
  }

  @Test
  void ringsThatCannotBeHadAreNotPromised() {
    int upperHalf = (int) (InitFlags.OVER_IO_URING >>> 32);
    Request init =
        Requests.of(
            Opcode.INIT, 0, 7, 45, 131072, (int) InitFlags.INIT_EXT, upperHalf, new byte[44]);
    assertTrue(Negotiation.offered(init).rings());
    assertEquals("7.45", Negotiation.offered(init).version());
    Negotiation negotiation = Negotiation.of(init, InitFlags.OVER_IO_URING, DIRECTORY);
    assertTrue(negotiation.has(InitFlags.OVER_IO_URING));
    negotiation.answer(init);
    assertEquals(upperHalf, Requests.bodyInt(init, 32));
    negotiation.without(InitFlags.OVER_IO_URING);
    negotiation.answer(init);
    assertEquals(0, Requests.bodyInt(init, 32));
    init.free();
  }
}
