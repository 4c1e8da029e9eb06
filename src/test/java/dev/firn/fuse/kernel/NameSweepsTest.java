package dev.firn.fuse.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class NameSweepsTest {
  private static final long DIRECTORY = 77;
  private static final int NAMES_MAX = 2000;

  private final NameSweeps sweeps = new NameSweeps(NAMES_MAX);
  private long nanos = Long.MAX_VALUE - 1000;

  private static byte[] name(int number) {
    return String.format("%06d", number).getBytes(StandardCharsets.US_ASCII);
  }

  private NameSweeps.Part lookUp(int number) {
    return sweeps.lookedUp(DIRECTORY, name(number), nanos);
  }

  /** All names but one that it takes to the first part. */
  private void almost(int step) {
    for (int i = 1; i < NameSweeps.NAMES_MIN; i++) {
      assertNull(lookUp(i * step));
    }
  }

  private NameSweeps.Part begin(int step) {
    almost(step);
    return lookUp(NameSweeps.NAMES_MIN * step);
  }

  private NameSweeps.Part fetched(NameSweeps.Part part, int end) {
    return sweeps.fetched(DIRECTORY, part, name(end), end, nanos);
  }

  private static void assertPart(long cookie, int names, NameSweeps.Part part) {
    assertEquals(cookie, part.cookie);
    assertEquals(names, part.names);
  }

  @Test
  void partsGrowUpToALimit() {
    NameSweeps.Part first = begin(1);
    assertPart(0, 128, first);
    assertSame(NameSweeps.Part.NONE, lookUp(20));
    assertSame(NameSweeps.Part.NONE, fetched(first, 128));
    // One that was on its way when the part came.
    assertSame(NameSweeps.Part.NONE, lookUp(21));
    NameSweeps.Part second = lookUp(129);
    assertPart(128, 1024, second);
    fetched(second, 1152);
    NameSweeps.Part third = lookUp(1153);
    assertPart(1152, NAMES_MAX, third);
    fetched(third, 3152);
    assertPart(3152, NAMES_MAX, lookUp(3153));
  }

  @Test
  void whoIsFasterThanAPartIsNotGivenUp() {
    NameSweeps.Part first = begin(1);
    lookUp(150);
    lookUp(200);
    NameSweeps.Part second = fetched(first, 128);
    assertPart(128, 1024, second);
    assertArrayEquals(name(200), second.until);
    assertEquals(2 * NameSweeps.GROWTH, second.leftOutMax);
  }

  @Test
  void eightNamesMayBeLeftOutForEachThatIsLookedUp() {
    NameSweeps.Part first = begin(7);
    assertArrayEquals(name(7 * NameSweeps.NAMES_MIN), first.until);
    assertEquals(NameSweeps.NAMES_MIN * NameSweeps.GROWTH, first.leftOutMax);
    fetched(first, 128);
    NameSweeps.Part second = lookUp(135);
    assertArrayEquals(name(135), second.until);
    assertEquals(NameSweeps.GROWTH, second.leftOutMax);
  }

  @Test
  void whoeverLeavesMoreOutGetsNothingMore() {
    NameSweeps.Part first = begin(100);
    assertSame(NameSweeps.Part.NONE, sweeps.fetched(DIRECTORY, first, null, 128, nanos));
    assertNull(lookUp(1700));
    assertNull(lookUp(1800));
  }

  @Test
  void farIntoADirectoryNothingIsFetched() {
    NameSweeps.Part first = begin(1);
    assertSame(NameSweeps.Part.NONE, sweeps.fetched(DIRECTORY, first, name(128), 1 << 20, nanos));
    assertNull(lookUp(129));
  }

  @Test
  void aNameOutOfOrderBeginsAnew() {
    almost(1);
    assertNull(lookUp(5));
    for (int i = 6; i < 5 + NameSweeps.NAMES_MIN - 1; i++) {
      assertNull(lookUp(i));
    }
    assertNotNull(lookUp(100));
  }

  @Test
  void theSameNameTwiceIsNoNameMore() {
    for (int i = 1; i < 100; i++) {
      assertNull(lookUp(1));
    }
  }

  @Test
  void whatAnEarlierSweepFetchedIsNotTheNewOnes() {
    NameSweeps.Part first = begin(1);
    assertNull(lookUp(1));
    assertSame(NameSweeps.Part.NONE, fetched(first, 128));
    assertNull(lookUp(129));
  }

  @Test
  void anotherDirectoryIsAnother() {
    for (int i = 1; i < 1000; i++) {
      assertNull(sweeps.lookedUp(i, name(i), nanos));
    }
  }

  @Test
  void aPauseIsTheEnd() {
    almost(1);
    nanos += TimeUnit.SECONDS.toNanos(5);
    assertNull(lookUp(NameSweeps.NAMES_MIN));
  }

  @Test
  void aPartThatNeverComesIsGivenUp() {
    NameSweeps.Part first = begin(1);
    nanos += TimeUnit.SECONDS.toNanos(3);
    assertSame(NameSweeps.Part.NONE, lookUp(20));
    assertNull(lookUp(21));
    // Nor if it comes after that.
    assertSame(NameSweeps.Part.NONE, fetched(first, 128));
    assertNull(lookUp(129));
  }

  @Test
  void behindTheLastNameNothingIsFetched() {
    NameSweeps.Part first = begin(1);
    assertSame(NameSweeps.Part.NONE, sweeps.fetched(DIRECTORY, first, null, 0, nanos));
    assertNull(lookUp(500));
  }
}
