package dev.firn.region;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.base.Bytes;
import dev.firn.base.Sizes;
import dev.firn.snapshot.Files;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said to come back comes back. */
class AccountingTest {
  private static final int FILE_BYTES = 3 << 20;

  /** What deleting itself writes and makes superfluous; zeros that were written ahead among it. */
  private static final long OVERHEAD_BYTES = 512 << 10;

  @TempDir Path directory;
  private Region region;
  private final Random random = Seeds.random("AccountingTest");

  @BeforeEach
  void open() throws IOException {
    region = Region.open(directory.resolve("home"));
    region.createVolume(VolumeRequest.empty("data", Sizes.GIB));
    // First stays, second comes with the second snapshot, third is in the last one alone.
    write("data", "first");
    take("one");
    write("data", "second");
    take("two");
    write("data", "third");
    take("three");
    remove("data", "third");
  }

  @AfterEach
  void close() throws IOException {
    region.close();
  }

  private void write(String volume, String name) throws IOException {
    try (FileSystem files = region.openVolume(volume, false)) {
      long inode = new Files(files).write(name, "");
      byte[] bytes = new byte[FILE_BYTES];
      random.nextBytes(bytes);
      files.write(inode, 0, ByteBuffer.wrap(bytes));
    }
  }

  private void remove(String volume, String name) throws IOException {
    try (FileSystem files = region.openVolume(volume, false)) {
      files.unlink(FileSystem.ROOT_INODE, Bytes.utf8(name));
    }
  }

  private void take(String name) throws IOException {
    region.createSnapshot("data", name, null, Map.of());
  }

  private void deleteAndCompare(String... snapshots) throws IOException {
    long saidBytes = region.upkeep().snapshotSpace(List.of(snapshots)).freedBytes();
    region.upkeep().reclaim(false);
    region.deleteSnapshots(List.of(snapshots));
    long freedBytes = region.upkeep().reclaim(false).freedBytes();
    assertTrue(
        saidBytes <= freedBytes && freedBytes <= saidBytes + OVERHEAD_BYTES,
        "said " + saidBytes + ", freed " + freedBytes);
  }

  @Test
  void eachSnapshotShowsWhatOnlyItHas() throws IOException {
    SnapshotSpace space =
        region.upkeep().snapshotSpace(List.of("one", "two", "three", "data@three"));
    assertEquals(3, space.snapshots().size(), "named twice, told once");
    assertEquals(
        List.of(FILE_BYTES, 2 * FILE_BYTES, 3 * FILE_BYTES),
        space.snapshots().stream().map(each -> (int) each.logicalBytes()).toList());
    SnapshotSpace.Entry three = space.snapshots().get(2);
    assertTrue(three.exclusiveBytes() >= FILE_BYTES, three.toString());
    assertTrue(three.exclusiveBytes() < FILE_BYTES + OVERHEAD_BYTES, three.toString());
    assertEquals(three.storedBytes(), three.sharedBytes() + three.exclusiveBytes());
    assertTrue(space.snapshots().get(0).exclusiveBytes() < OVERHEAD_BYTES);
    assertTrue(space.freedBytes() >= three.exclusiveBytes());
  }

  @Test
  void whatOneSnapshotHoldsComesBack() throws IOException {
    deleteAndCompare("three");
  }

  @Test
  void whatSeveralHoldTogetherComesBackWithTheLastOfThem() throws IOException {
    remove("data", "second");
    assertTrue(region.upkeep().snapshotSpace(List.of("two")).freedBytes() < OVERHEAD_BYTES);
    assertTrue(
        region.upkeep().snapshotSpace(List.of("two", "three")).freedBytes() > 2 * FILE_BYTES);
    deleteAndCompare("two", "three");
  }

  @Test
  void snapshotsOfADeletedVolumeHoldTheirSpaceAlone() throws IOException {
    region.deleteVolume("data");
    assertTrue(region.upkeep().snapshotSpace(List.of("three")).freedBytes() >= FILE_BYTES);
    DiskUse.VolumeUse left = region.upkeep().diskUse().volumes().get(0);
    assertEquals("data", left.name());
    assertNull(left.sizeBytes());
    assertEquals(3, left.snapshots());
    assertTrue(left.snapshotBytes() > 3 * FILE_BYTES, left.toString());
    deleteAndCompare("three");
  }

  @Test
  void aCloneSharesUntilItChanges() throws IOException {
    Volume clone = region.createVolume(VolumeRequest.from("clone", "data@three"));
    assertTrue(region.upkeep().snapshotSpace(List.of("three")).freedBytes() < OVERHEAD_BYTES);
    DiskUse.VolumeUse use = region.upkeep().diskUse().volumes().get(1);
    assertEquals(clone.id(), use.id());
    assertEquals(3L * FILE_BYTES, use.space().logicalBytes());
    assertTrue(use.space().exclusiveBytes() < OVERHEAD_BYTES, use.toString());
    remove("clone", "third");
    deleteAndCompare("three");
  }

  @Test
  void theWholeAddsUp() throws IOException {
    DiskUse use = region.upkeep().diskUse();
    DiskUse.VolumeUse data = use.volumes().get(0);
    assertEquals(2L * FILE_BYTES, data.space().logicalBytes());
    assertTrue(data.snapshotBytes() >= FILE_BYTES, data.toString());
    assertTrue(use.liveBytes() <= use.storedBytes(), use.toString());
    assertTrue(use.liveBytes() >= 3L * FILE_BYTES, use.toString());
    DiskUse.SubregionUse disk = use.subregions().get(0);
    assertTrue(disk.freeBytes() > 0 && disk.freeBytes() < disk.diskBytes(), disk.toString());
  }
}
