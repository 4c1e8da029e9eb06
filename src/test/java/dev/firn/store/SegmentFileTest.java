package dev.firn.store;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import org.junit.jupiter.api.Test;

class SegmentFileTest {
  /** Without it everything works, only slower, which nobody would notice. */
  @Test
  void thisJavaHasDirectInputAndOutput() {
    assertNotNull(SegmentFile.DIRECT);
  }
}
