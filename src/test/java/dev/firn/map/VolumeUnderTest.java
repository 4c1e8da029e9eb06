package dev.firn.map;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.store.CorruptDataException;
import dev.firn.store.FaultPlan;
import dev.firn.store.NoSpaceException;
import dev.firn.store.SimulatedDisk;
import dev.firn.store.StoreFailedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A volume on a simulated disk, with the history of what it should be. Pages and segments are as
 * small as they can be, so that a few records make a tree of several levels in several segments.
 */
final class VolumeUnderTest {
  /** Nothing happens in the background but the commit every two seconds, which does no harm. */
  static final MapOptions OPTIONS = new MapOptions(192, 4096, 64 << 10, 64 << 10, 0, 1 << 30);

  private static final long NUMBER = 1;
  private static final int CLONES_MAX = 2;

  final SimulatedDisk disk;
  final History history;
  private final MapStore store;
  private final VolumeMap map;

  private VolumeUnderTest(SimulatedDisk disk, History history, MapStore store, VolumeMap map) {
    this.disk = disk;
    this.history = history;
    this.store = store;
    this.map = map;
  }

  /** A new empty volume. */
  static VolumeUnderTest create(SimulatedDisk disk) throws IOException {
    MapStore store = new MapStore(disk.directory(), disk.segments(), OPTIONS);
    return new VolumeUnderTest(disk, new History(), store, store.create(NUMBER, VolumeMapTest.LZ4));
  }

  /** Opens it as a daemon does that starts; its content is still to be checked. */
  static VolumeUnderTest open(SimulatedDisk disk, History history) throws IOException {
    return open(disk, history, OPTIONS);
  }

  static VolumeUnderTest open(SimulatedDisk disk, History history, MapOptions options)
      throws IOException {
    MapStore store = new MapStore(disk.directory(), disk.segments(), options);
    try {
      return new VolumeUnderTest(disk, history, store, store.open(NUMBER));
    } catch (IOException | RuntimeException | Error e) {
      store.close();
      throw e;
    }
  }

  /** Opens and requires a state that a disk may leave that does not lie. */
  static VolumeUnderTest recover(SimulatedDisk disk, History before) throws IOException {
    VolumeUnderTest volume = open(disk, before.copy());
    try {
      volume.requireRecovered();
      return volume;
    } catch (IOException | RuntimeException | Error e) {
      volume.die();
      throw e;
    }
  }

  /**
   * The volume that is opened again by the same process, whose caches have what they had: as after
   * an unmount, also one that was to end a failure. Use it instead of this.
   */
  VolumeUnderTest openAgain() throws IOException {
    map.abandon();
    VolumeUnderTest volume = new VolumeUnderTest(disk, history.copy(), store, store.open(NUMBER));
    volume.requireRecovered();
    return volume;
  }

  private void requireRecovered() throws IOException {
    Found found = read();
    found.requireWhole();
    history.opened(history.require(found, history.committed()));
    for (long number : history.clones().keySet()) {
      Found clone = Found.read(store.open(number));
      clone.requireWhole();
      requireClone(number, clone);
    }
  }

  private void requireClone(long number, Found found) {
    Map<Integer, Integer> content = history.clones().get(number);
    assertTrue(
        found.matches(new History.State(content, Map.of())),
        () -> "clone " + number + " is " + found + " but was " + content);
  }

  VolumeMap map() {
    return map;
  }

  Found read() throws IOException {
    return Found.read(map);
  }

  /** Lets go without writing anything. */
  void die() throws IOException {
    map.abandon();
    store.close();
  }

  void close() throws IOException {
    store.close();
  }

  /** Whether the step makes sense now. */
  boolean isPossible(Step step) {
    return switch (step.operation()) {
      case DROP, RESET, COPY -> !history.newest().snapshots().isEmpty();
      case DELETE -> history.newest().head().containsKey(step.choice());
      case CLONE -> history.clones().size() < CLONES_MAX && !history.newest().snapshots().isEmpty();
      case DELETE_CLONE -> !history.clones().isEmpty();
      default -> true;
    };
  }

  /** Runs a step of the volume; changes that are refused are not in the history. */
  void run(Step step) throws IOException {
    int before = history.newestIndex();
    boolean done = false;
    try {
      apply(step);
      done = true;
    } finally {
      if (!done && history.newestIndex() > before) {
        history.takeBack();
      }
    }
  }

  private void apply(Step step) throws IOException {
    int newest = history.newestIndex();
    switch (step.operation()) {
      case PUT -> put(step.choice(), step.number());
      case STORE -> store(step.choice(), step.number());
      case DELETE -> {
        history.delete(step.choice());
        map.write(head -> head.delete(Found.key(step.choice())));
      }
      case RELIEVE -> map.relieve();
      case COMMIT -> {
        map.commit();
        history.committed(newest, false, disk.changes());
      }
      case CHECKPOINT -> {
        map.checkpoint();
        history.committed(newest, true, disk.changes());
      }
      case FREEZE -> {
        long number = history.freeze();
        map.freezeAs(number, Found.metadata(number));
      }
      case DROP -> {
        long number = snapshot(step.choice());
        history.drop(number);
        map.dropFrozen(number);
      }
      case RESET -> {
        long number = snapshot(step.choice());
        history.reset(number);
        map.resetTo(number);
      }
      case COPY -> {
        long from = snapshot(step.choice());
        long number = history.copySnapshot(from);
        map.copyFrozen(from, number, Found.metadata(number));
      }
      case RECLAIM ->
          store.reclaim(openMaps(), (bytes, start, length) -> true, step.choice() % 2 == 1);
      case CLONE -> cloneSnapshot(snapshot(step.choice()));
      case DELETE_CLONE -> {
        long number = history.clones().keySet().iterator().next();
        // From now on it may be there or not.
        history.clones().remove(number);
        store.delete(number);
      }
      default -> throw new IllegalArgumentException(step.toString());
    }
  }

  /** How many damaged records a scrub finds. */
  int scrub() throws IOException {
    int[] damaged = new int[1];
    store
        .scrub(
            Scrub.Depth.FILE_BYTES,
            (bytes, start, length) -> true,
            new ScrubVisitor() {
              @Override
              public void verified(long bytes) {
                // Only damage counts.
              }

              @Override
              public void damagedExtent(
                  FrozenMap root, long snapshot, byte[] key, int lengthBytes, String problem) {
                damaged[0]++;
              }

              @Override
              public void damagedNode(VolumeMap volume, long snapshot, String problem) {
                damaged[0]++;
              }
            })
        .run(map);
    return damaged[0];
  }

  private OpenMaps openMaps() throws IOException {
    List<VolumeMap> maps = new ArrayList<>(List.of(map));
    for (long number : history.clones().keySet()) {
      maps.add(store.open(number));
    }
    return new OpenMaps(maps);
  }

  private void cloneSnapshot(long snapshot) throws IOException {
    long number = history.nextClone();
    // A crash may have left one that nobody was told of.
    while (disk.contents().containsKey(String.format("volumes/%08x.super", number))) {
      number = history.nextClone();
    }
    try (FrozenMap frozen = map.frozen(snapshot)) {
      store.createFrom(number, VolumeMapTest.LZ4, frozen);
    }
    history.clones().put(number, history.newest().snapshots().get(snapshot));
  }

  private long snapshot(int choice) {
    List<Long> numbers = new ArrayList<>(history.newest().snapshots().keySet());
    return numbers.get(choice % numbers.size());
  }

  private void put(int key, int number) throws IOException {
    byte[] bytes = Found.content(number);
    history.put(key, number);
    PendingExtent pending = map.stage(bytes, bytes.length, null);
    ExtentRef extent = ExtentRef.of(pending, 0, bytes.length);
    map.write(
        head -> {
          head.put(Found.key(key), extent.encode(), pending);
          return null;
        });
  }

  private void store(int key, int number) throws IOException {
    history.put(key, number);
    map.holdingPlaces(
        () -> {
          ExtentRef extent =
              map.store(List.of(new FileRun(ByteBuffer.wrap(Found.content(number))))).get(0);
          return map.write(
              head -> {
                head.put(Found.key(key), extent.encode(), extent.pending());
                return null;
              });
        });
  }

  /**
   * After a step in which a fault of the disk happened.
   *
   * @param thrown what the step threw, or null
   */
  void requireTold(Step step, FaultPlan plan, IOException thrown) throws IOException {
    if (plan.kind() == FaultPlan.Kind.NO_SPACE) {
      requireWaiting(plan, thrown);
      return;
    }
    if (!plan.kind().isTerminal()) {
      assertNotNull(thrown, "a failure of giving space back is told");
      return;
    }
    assertNotNull(thrown, plan.kind() + " in " + plan.firedIn() + " is told");
    if (step.operation() == Operation.DELETE_CLONE
        || step.operation() == Operation.CLONE && map.failure() == null) {
      // It happened to the other volume.
      return;
    }
    assertNotNull(map.failure(), "the volume is read-only");
    assertEquals(plan.message(), map.failure().getMessage(), "it says why");
    requireReadOnly();
  }

  /** A full disk is told, and is no end: what was changed waits in memory, and can be read. */
  private void requireWaiting(FaultPlan plan, IOException thrown) throws IOException {
    // For zeros ahead no room is needed.
    if (thrown != null || plan.firedIn() != SimulatedDisk.Call.PREPARE) {
      assertInstanceOf(NoSpaceException.class, thrown, () -> "full in " + plan.firedIn());
    }
    assertNull(map.failure());
    Found found = read();
    found.requireWhole();
    assertTrue(found.matches(history.newest()), () -> found + " but " + history.newest());
  }

  /** Nothing gets written any more, everyone is told so, and reading goes on. */
  void requireReadOnly() throws IOException {
    requireNoWrites();
    Found found = read();
    found.requireWhole();
    assertTrue(found.matches(history.newest()), () -> found + " but " + history.newest());
    try (FrozenMap frozen = map.freezeUnsealed()) {
      for (int key : history.newest().head().keySet()) {
        assertNotNull(frozen.get(Found.key(key)), "a large directory can still be listed");
      }
    }
    assertEquals(0, scrub(), "it can be verified");
  }

  /** Nothing gets written any more, and everyone is told so. */
  void requireNoWrites() throws IOException {
    long changes = disk.changes();
    for (Operation operation : Operation.values()) {
      Step step = new Step(operation, 0, 5);
      if (operation.isOfVolume()
          && operation != Operation.RELIEVE
          && operation != Operation.RECLAIM
          && operation != Operation.DELETE_CLONE
          && isPossible(step)) {
        StoreFailedException told =
            assertThrows(StoreFailedException.class, () -> run(step), step::toString);
        assertTrue(told.getMessage().contains("read-only"), told.getMessage());
      }
    }
    try {
      map.relieve();
    } catch (StoreFailedException e) {
      assertTrue(e.getMessage().contains("read-only"), e.getMessage());
    }
    assertEquals(changes, disk.changes(), "changes of the disk after a failure");
  }

  /**
   * After a disk lied: it opens as a state that such a disk may go back to, with nothing in place
   * of what is damaged, or it does not open.
   *
   * @return what was found; null: it did not open
   */
  static Found requireHonest(SimulatedDisk disk, History before, FaultPlan lie) throws IOException {
    VolumeUnderTest volume;
    try {
      volume = open(disk, before.copy());
    } catch (CorruptDataException e) {
      return null;
    }
    try {
      Found found = volume.read();
      before.require(found, before.committedAfter(lie));
      for (long number : before.clones().keySet()) {
        try {
          volume.requireClone(number, Found.read(volume.store.open(number)));
        } catch (CorruptDataException e) {
          // It says so.
        }
      }
      return found;
    } finally {
      volume.die();
    }
  }
}
