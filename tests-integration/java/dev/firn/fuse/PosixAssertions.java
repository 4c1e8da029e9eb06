package dev.firn.fuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import jnr.constants.platform.Errno;
import org.junit.jupiter.api.function.Executable;

/** What tests of system calls have in common. */
public final class PosixAssertions {
  private PosixAssertions() {}

  /** The call must fail with just this error. */
  public static void assertFails(Errno expected, Executable call) {
    Errno actual = assertThrows(Posix.Failure.class, call).errno();
    // By number: two names have the same.
    if (expected.intValue() != actual.intValue()) {
      assertEquals(expected, actual);
    }
  }

  /** Bytes that differ from their neighbours and from those a page further. */
  public static byte[] pattern(int length) {
    return pattern(length, 1);
  }

  /** Another such sequence for each key. */
  public static byte[] pattern(int length, int key) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 31 + (i >> 8) * 7 + key);
    }
    return bytes;
  }
}
