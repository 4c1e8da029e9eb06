package dev.firn.region;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import org.junit.jupiter.api.function.Executable;

/** Checks failures meant for users. */
final class Errors {
  private Errors() {}

  /** Fails unless the action fails with this kind, in one line that has all {@code parts}. */
  static FirnException of(ErrorKind kind, String part, Executable action) {
    FirnException failure = assertThrows(FirnException.class, action);
    assertEquals(kind, failure.kind(), failure.getMessage());
    assertTrue(failure.getMessage().contains(part), failure.getMessage());
    assertFalse(failure.getMessage().contains("\n"), failure.getMessage());
    return failure;
  }
}
