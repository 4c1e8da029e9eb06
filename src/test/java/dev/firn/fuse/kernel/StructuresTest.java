package dev.firn.fuse.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import java.lang.reflect.Proxy;
import org.junit.jupiter.api.Test;

/** The offsets are linux/fuse.h's, written down here a second time. */
class StructuresTest {
  private static final Attributes FILE =
      new Attributes(
          42,
          FileMode.CHARACTER_DEVICE | 0640,
          7,
          8,
          3,
          5000,
          4608,
          0x12345,
          1_500_000_000_000_000_001L,
          -5,
          11,
          12,
          13,
          1L << 33,
          15);

  private static FileSystem fileSystem(long unseen) {
    return (FileSystem)
        Proxy.newProxyInstance(
            StructuresTest.class.getClassLoader(),
            new Class<?>[] {FileSystem.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("changesUnseen")) {
                return arguments[0].equals(unseen);
              }
              throw new AssertionError(method);
            });
  }

  @Test
  void entryLeadsToItsAttributes() {
    Request request = Requests.of(Opcode.LOOKUP, 1, "a");
    assertEquals(128, Structures.entry(request, 0, fileSystem(9), 1, FILE));
    assertEquals(42, Requests.bodyLong(request, 0));
    assertEquals(1_500_000_000_000_000_001L, Requests.bodyLong(request, 8));
    assertTrue(Requests.bodyLong(request, 16) > 1_000_000);
    assertTrue(Requests.bodyLong(request, 24) > 1_000_000);
    assertEquals(0, Requests.bodyLong(request, 32));
    int at = 40;
    assertEquals(42, Requests.bodyLong(request, at));
    assertEquals(5000, Requests.bodyLong(request, at + 8));
    assertEquals(9, Requests.bodyLong(request, at + 16));
    assertEquals(-5, Requests.bodyLong(request, at + 24));
    assertEquals(12, Requests.bodyLong(request, at + 32));
    assertEquals(1L << 33, Requests.bodyLong(request, at + 40));
    assertEquals(11, Requests.bodyInt(request, at + 48));
    assertEquals(13, Requests.bodyInt(request, at + 52));
    assertEquals(15, Requests.bodyInt(request, at + 56));
    assertEquals(FileMode.CHARACTER_DEVICE | 0640, Requests.bodyInt(request, at + 60));
    assertEquals(3, Requests.bodyInt(request, at + 64));
    assertEquals(7, Requests.bodyInt(request, at + 68));
    assertEquals(8, Requests.bodyInt(request, at + 72));
    assertEquals(0x12345, Requests.bodyInt(request, at + 76));
    assertEquals(4096, Requests.bodyInt(request, at + 80));
    request.free();
  }

  @Test
  void whatChangesUnseenIsNotBelieved() {
    Request request = Requests.of(Opcode.LOOKUP, 2, "a");
    Structures.entry(request, 0, fileSystem(2), 2, FILE);
    assertEquals(0, Requests.bodyLong(request, 16));
    Structures.attributes(request, fileSystem(42), FILE);
    assertEquals(0, Requests.bodyLong(request, 0));
    request.free();
  }

  @Test
  void missingNameIsRemembered() {
    Request request = Requests.of(Opcode.LOOKUP, 1, "a");
    assertEquals(128, Structures.noEntry(request, 0));
    assertEquals(0, Requests.bodyLong(request, 0));
    assertTrue(Requests.bodyLong(request, 16) > 1_000_000);
    request.free();
  }

  @Test
  void statxTellsWhenAnInodeWasMade() {
    Request request = Requests.of(Opcode.STATX, 42);
    assertEquals(288, Structures.statx(request, fileSystem(9), FILE));
    int at = 32;
    assertEquals(0xfff, Requests.bodyInt(request, at));
    assertEquals(FileMode.CHARACTER_DEVICE | 0640, Requests.bodyInt(request, at + 28) & 0xffff);
    assertEquals(42, Requests.bodyLong(request, at + 32));
    assertEquals(-5, Requests.bodyLong(request, at + 64));
    assertEquals(1_500_000_000L, Requests.bodyLong(request, at + 80));
    assertEquals(1, Requests.bodyInt(request, at + 88));
    assertEquals(1L << 33, Requests.bodyLong(request, at + 96));
    assertEquals(12, Requests.bodyLong(request, at + 112));
    assertEquals(0x123, Requests.bodyInt(request, at + 128));
    assertEquals(0x45, Requests.bodyInt(request, at + 132));
    request.free();
  }
}
