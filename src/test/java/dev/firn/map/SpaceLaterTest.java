package dev.firn.map;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.store.FaultPlan;
import dev.firn.store.NoSpaceException;
import dev.firn.store.SimulatedDisk;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a full disk leaves behind does no harm when there is space again, or as long as not. */
class SpaceLaterTest {
  private static final int WRITES_MAX = 20;

  private static void put(VolumeMap map, int key) throws IOException {
    byte[] bytes = Found.content(key);
    PendingExtent pending = map.stage(bytes, bytes.length);
    ExtentRef extent = ExtentRef.of(pending, 0, bytes.length);
    map.write(
        head -> {
          head.put(Found.key(key), extent.encode(), pending);
          return null;
        });
  }

  @Test
  void cloneOfARootThatAFullDiskLeftUnforcedSurvivesAPowerCut() throws IOException {
    int full = 0;
    for (int writes = 0; writes < WRITES_MAX; writes++) {
      SimulatedDisk disk = new SimulatedDisk(512);
      try (MapStore store =
          new MapStore(disk.directory(), disk.segments(), VolumeUnderTest.OPTIONS)) {
        VolumeMap map = store.create(1, VolumeMapTest.LZ4);
        put(map, 1);
        map.freezeAs(7, Found.metadata(7));
        map.commit();
        FaultPlan plan = FaultPlan.once(FaultPlan.Kind.NO_SPACE, writes, 0);
        disk.plan(plan);
        try {
          map.checkpoint();
        } catch (NoSpaceException e) {
          full++;
        }
        disk.plan(FaultPlan.none());
        try (FrozenMap frozen = map.frozen(7)) {
          store.createFrom(2, VolumeMapTest.LZ4, frozen);
        }
        SimulatedDisk left = disk.powerCut(i -> false);
        try (MapStore next =
            new MapStore(left.directory(), left.segments(), VolumeUnderTest.OPTIONS)) {
          Found clone = Found.read(next.open(2));
          clone.requireWhole();
          assertEquals(1, clone.head().get(1));
        }
      }
    }
    assertTrue(full > 2, "checkpoints met a full disk: " + full);
  }

  @Test
  void spaceIsToldOnAFullDisk() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(512);
    try (MapStore store =
        new MapStore(disk.directory(), disk.segments(), VolumeUnderTest.OPTIONS)) {
      VolumeMap map = store.create(1, VolumeMapTest.LZ4);
      put(map, 1);
      map.checkpoint();
      put(map, 2);
      disk.plan(FaultPlan.from(FaultPlan.Kind.NO_SPACE, 0, 0));
      assertThrows(NoSpaceException.class, map::commit);
      store.space(OpenMaps.of(map), (bytes, start, length) -> true, number -> true, List.of());
      disk.plan(FaultPlan.none());
    }
  }
}
