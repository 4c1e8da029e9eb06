package dev.firn.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.DiskErrors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** That the simulated disk has the faults it says it has: tests on it are worth no more. */
class SimulatedDiskTest {
  private static final long SEGMENT = 0x1_0000_0001L;
  private static final String NAME = "segments/0000000100000001";
  private static final int SECTOR_BYTES = 512;

  private final SimulatedDisk disk = new SimulatedDisk(SECTOR_BYTES);
  private final SegmentStore store = disk.segments();

  @BeforeEach
  void makeDurableSegment() throws IOException {
    store.create(SEGMENT, "a");
    store.write(SEGMENT, 0, filled(1024, 1));
    store.force(SEGMENT);
  }

  private static ByteBuffer filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return ByteBuffer.wrap(bytes);
  }

  private static String sectors(SimulatedDisk disk) {
    byte[] bytes = disk.contents().get(NAME);
    StringBuilder values = new StringBuilder();
    for (int at = 0; at < bytes.length; at += SECTOR_BYTES) {
      values.append(bytes[at]);
    }
    return values.toString();
  }

  /** Each sector of a write and the file's length survive or not, independently. */
  @Test
  void anySubsetOfAWriteSurvivesAPowerCut() throws IOException {
    store.write(SEGMENT, 512, filled(1024, 2));
    assertEquals(3, disk.unsynced().size(), () -> disk.unsynced().toString());
    Set<String> left = new HashSet<>();
    for (int mask = 0; mask < 8; mask++) {
      int surviving = mask;
      left.add(sectors(disk.powerCut(i -> (surviving >> i & 1) == 1)));
    }
    assertEquals(Set.of("11", "12", "110", "112", "120", "122"), left);
    store.force(SEGMENT);
    assertEquals("122", sectors(disk.powerCut(i -> false)));
  }

  @Test
  void aSectorHasAnyOfItsVersionsSinceTheForce() throws IOException {
    store.write(SEGMENT, 0, filled(512, 2));
    store.write(SEGMENT, 0, filled(512, 3));
    assertEquals("11", sectors(disk.powerCut(i -> false)));
    assertEquals("21", sectors(disk.powerCut(i -> i == 0)));
    assertEquals("31", sectors(disk.powerCut(i -> i == 1)));
  }

  @Test
  void namesDeletionsAndHolesAreNotDurableByThemselves() throws IOException {
    store.create(SEGMENT + 1, "a");
    assertFalse(disk.powerCut(i -> false).segments().exists(SEGMENT + 1));
    assertTrue(disk.powerCut(i -> true).segments().exists(SEGMENT + 1));
    store.force(SEGMENT + 1);
    assertTrue(disk.powerCut(i -> false).segments().exists(SEGMENT + 1));
    store.delete(SEGMENT + 1);
    assertFalse(store.exists(SEGMENT + 1));
    assertTrue(disk.powerCut(i -> false).segments().exists(SEGMENT + 1));
    assertFalse(disk.powerCut(i -> true).segments().exists(SEGMENT + 1));
    store.punch(SEGMENT, 0, 4096);
    assertEquals(0, store.allocatedBytes(SEGMENT, 0, 4096));
    assertEquals("00", sectors(disk));
    assertEquals("11", sectors(disk.powerCut(i -> false)));
  }

  @Test
  void afterAFailedForceTheCacheShowsWhatTheDiskNeverGets() throws IOException {
    store.write(SEGMENT, 0, filled(512, 2));
    disk.plan(FaultPlan.once(FaultPlan.Kind.FORCE_ERROR, 0, 0));
    assertThrows(IOException.class, () -> store.force(SEGMENT));
    store.force(SEGMENT);
    assertEquals("21", sectors(disk));
    assertEquals("11", sectors(disk.powerCut(i -> true)));
    store.settle(SEGMENT);
    assertEquals("11", sectors(disk));
  }

  @Test
  void whatADeadProcessWroteIsThereButNotDurable() throws IOException {
    store.write(SEGMENT, 0, filled(512, 2));
    SimulatedDisk later = disk.copy();
    assertEquals("21", sectors(later));
    assertEquals("11", sectors(later.powerCut(i -> false)));
    later.segments().settle(SEGMENT);
    assertEquals("21", sectors(later.powerCut(i -> false)));
  }

  @Test
  void lostAndMisdirectedWritesAreAcknowledged() throws IOException {
    disk.plan(FaultPlan.once(FaultPlan.Kind.LOST_WRITE, 0, 0));
    store.write(SEGMENT, 512, filled(512, 2));
    store.force(SEGMENT);
    assertEquals("11", sectors(disk));
    FaultPlan plan = FaultPlan.once(FaultPlan.Kind.MISDIRECTED_WRITE, 0, 0);
    disk.plan(plan);
    store.write(SEGMENT, 512, filled(512, 3));
    store.force(SEGMENT);
    assertTrue(plan.fired());
    assertEquals("31", sectors(disk.powerCut(i -> false)));
  }

  @Test
  void aFullDiskTakesWhatFits() throws IOException {
    disk.resize(2 * 4096);
    assertEquals(4096, store.usableBytes("a"));
    IOException full =
        assertThrows(IOException.class, () -> store.write(SEGMENT, 1024, filled(8192, 2)));
    assertTrue(DiskErrors.saysFull(full.getMessage()), full::toString);
    assertEquals(8192, store.length(SEGMENT));
    disk.resize(4 * 4096);
    store.write(SEGMENT, 1024, filled(8192, 2));
    assertEquals(9216, store.length(SEGMENT));
  }

  @Test
  void flippedBitsStay() throws IOException {
    disk.flip(NAME, 3);
    byte[] one = new byte[1];
    store.read(SEGMENT, 0, ByteBuffer.wrap(one));
    assertArrayEquals(new byte[] {1 ^ 8}, one);
    assertEquals(List.of("9", "1"), List.of(sectors(disk.powerCut(i -> false)).split("")));
  }
}
