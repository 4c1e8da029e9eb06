package dev.firn.fuse.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class OpenForWritingTest {
  private final OpenForWriting open = new OpenForWriting();

  @Test
  void inodeStaysUntilItsLastHandleGoes() {
    open.opened(5);
    open.opened(5);
    open.released(5);
    assertTrue(open.contains(5));
    assertArrayEquals(new long[] {5}, open.all());
    open.released(5);
    assertFalse(open.contains(5));
    assertArrayEquals(new long[0], open.all());
  }

  @Test
  void releaseOfWhatIsNotOpenDoesNothing() {
    open.released(6);
    open.opened(6);
    assertTrue(open.contains(6));
  }
}
