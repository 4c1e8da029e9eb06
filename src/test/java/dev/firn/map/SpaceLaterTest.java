package dev.firn.map;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.Sizes;
import dev.firn.store.FaultPlan;
import dev.firn.store.NoSpaceException;
import dev.firn.store.SimulatedDisk;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.VolumeFileSystem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a full disk leaves behind does no harm when there is space again, or as long as not. */
class SpaceLaterTest {
  private static final int WRITES_MAX = 20;

  private static void put(VolumeMap map, int key) throws IOException {
    byte[] bytes = Found.content(key);
    PendingExtent pending = map.stage(bytes, bytes.length, null);
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

  /** Bytes of another file that wait for space are no reason to refuse what is done already. */
  @Test
  void deletingGoesOnWhileBytesWaitForSpace() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(512);
    // Every byte that waits is more than should.
    MapOptions options = new MapOptions(4096, 1 << 20, 1 << 20, 1 << 20, 0, 1 << 30);
    try (MapStore store = new MapStore(disk.directory(), disk.segments(), options)) {
      VolumeMap map = store.create(1, VolumeMapTest.LZ4);
      VolumeFileSystem files = VolumeFileSystem.create(map, Sizes.GIB, Clock.systemUTC());
      long inode = file(files, "a");
      file(files, "b");
      files.syncAll();
      disk.plan(FaultPlan.from(FaultPlan.Kind.NO_SPACE, 0, 0));
      files.write(inode, 0, ByteBuffer.wrap(new byte[1000]));
      assertThrows(NoSpaceException.class, files::syncAll);
      files.unlink(FileSystem.ROOT_INODE, "b".getBytes());
      assertThrows(ErrnoException.class, () -> files.lookup(FileSystem.ROOT_INODE, "b".getBytes()));
      disk.plan(FaultPlan.none());
      files.syncAll();
      files.close();
    }
  }

  private static long file(VolumeFileSystem files, String name) throws IOException {
    return files
        .makeNode(FileSystem.ROOT_INODE, name.getBytes(), FileMode.REGULAR | 0644, 0, 0, 0)
        .inode();
  }

  /** What can be given back without the volume that cannot write is given back. */
  @Test
  void otherVolumesSpaceComesBackWhileOneHasNoRoomForACheckpoint() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(512);
    try (MapStore store =
        new MapStore(disk.directory(), disk.segments(), VolumeUnderTest.OPTIONS)) {
      VolumeMap gone = store.create(1, VolumeMapTest.LZ4);
      for (int key = 0; key < Found.KEYS; key++) {
        put(gone, key);
      }
      gone.checkpoint();
      VolumeMap map = store.create(2, VolumeMapTest.LZ4);
      put(map, 1);
      map.commit();
      store.delete(1);
      disk.plan(FaultPlan.from(FaultPlan.Kind.NO_SPACE, 0, 0));
      put(map, 2);
      assertThrows(NoSpaceException.class, map::commit);
      long used = disk.usedBytes();
      assertThrows(
          NoSpaceException.class,
          () -> store.reclaim(OpenMaps.of(map), (bytes, start, length) -> true, false));
      assertTrue(disk.usedBytes() < used);
      SimulatedDisk left = disk.powerCut(i -> true);
      try (MapStore next =
          new MapStore(left.directory(), left.segments(), VolumeUnderTest.OPTIONS)) {
        Found found = Found.read(next.open(2));
        found.requireWhole();
        assertEquals(1, found.head().get(1));
      }
      disk.plan(FaultPlan.none());
      map.commit();
      Found.read(map).requireWhole();
    }
  }

  @Test
  void whatWaitsForSpaceIsThereWhenTheVolumeIsOpenedAgain() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(512);
    try (MapStore store =
        new MapStore(disk.directory(), disk.segments(), VolumeUnderTest.OPTIONS)) {
      VolumeMap map = store.create(1, VolumeMapTest.LZ4);
      put(map, 1);
      map.commit();
      put(map, 2);
      disk.plan(FaultPlan.from(FaultPlan.Kind.NO_SPACE, 0, 0));
      assertThrows(NoSpaceException.class, map::close);
      VolumeMap again = store.open(1);
      assertEquals(2, Found.read(again).head().get(2));
      disk.plan(FaultPlan.none());
      again.close();
      assertThrows(IOException.class, again::commit);
    }
    SimulatedDisk left = disk.powerCut(i -> false);
    try (MapStore next = new MapStore(left.directory(), left.segments(), VolumeUnderTest.OPTIONS)) {
      Found found = Found.read(next.open(1));
      found.requireWhole();
      assertEquals(2, found.head().get(2));
    }
  }

  @Test
  void aVolumeThatFailedWhileItWaitedIsOpenedAnew() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(512);
    try (MapStore store =
        new MapStore(disk.directory(), disk.segments(), VolumeUnderTest.OPTIONS)) {
      VolumeMap map = store.create(1, VolumeMapTest.LZ4);
      put(map, 1);
      map.commit();
      put(map, 2);
      disk.plan(FaultPlan.from(FaultPlan.Kind.NO_SPACE, 0, 0));
      assertThrows(NoSpaceException.class, map::close);
      disk.plan(FaultPlan.once(FaultPlan.Kind.WRITE_ERROR, 0, 0));
      assertThrows(IOException.class, map::commit);
      VolumeMap again = store.open(1);
      assertEquals(1, Found.read(again).head().get(1));
      put(again, 3);
      again.commit();
    }
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

  private static void put(VolumeMap map, int key, int number) throws IOException {
    byte[] value = new byte[60];
    Arrays.fill(value, (byte) number);
    map.write(
        head -> {
          head.put(Found.key(key), value, null);
          return null;
        });
  }

  private static int value(VolumeMap map, int key) throws IOException {
    return map.read(head -> head.get(Found.key(key))).value()[0];
  }

  /** As file systems do it: what was done waits if there is no space. */
  private static void relieve(VolumeMap map) throws IOException {
    try {
      map.relieve();
    } catch (NoSpaceException e) {
      assertNull(map.failure());
    }
  }

  /** Changes all over a large tree wait for space in memory, but not without end. */
  @Test
  void changesOnAFullDiskEndBeforeTheyFillMemory() throws IOException {
    int keys = 4000;
    MapOptions options = new MapOptions(512, 1 << 20, 1 << 20, 1 << 20, 0, 16 << 10);
    SimulatedDisk disk = new SimulatedDisk(512);
    try (MapStore store = new MapStore(disk.directory(), disk.segments(), options)) {
      VolumeMap map = store.create(1, VolumeMapTest.LZ4);
      for (int key = 0; key < keys; key++) {
        put(map, key, 0);
      }
      map.checkpoint();
      disk.plan(FaultPlan.from(FaultPlan.Kind.NO_SPACE, 0, 0));
      // The same few again and again take no more memory: they are never refused.
      for (int i = 0; i < 50; i++) {
        put(map, i % 5, 1);
        assertThrows(NoSpaceException.class, map::checkpoint);
      }
      int changed = 0;
      boolean refused = false;
      while (!refused && changed < keys) {
        try {
          // Neighbours come much later.
          put(map, changed * 7 % keys, 2);
          changed++;
        } catch (NoSpaceException e) {
          refused = true;
        }
        relieve(map);
      }
      assertTrue(refused, "all was changed");
      assertTrue(changed > 20, "refused after " + changed);
      long nodes = map.unwrittenNodeBytes() / options.pageBytes();
      assertTrue(nodes < 150, nodes + " nodes in memory");
      int last = (changed - 1) * 7 % keys;
      assertEquals(2, value(map, last));
      disk.plan(FaultPlan.none());
      for (; changed < keys; changed++) {
        put(map, changed * 7 % keys, 2);
        relieve(map);
      }
      map.close();
      VolumeMap again = store.open(1);
      for (int key = 0; key < keys; key++) {
        assertEquals(2, value(again, key));
      }
    }
  }
}
