package dev.firn.map;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.store.CorruptDataException;
import dev.firn.store.RecordPointer;
import dev.firn.store.SimulatedDisk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * One bit of each byte of each file of a small store, one at a time. Never wrong bytes, never an
 * error but Firn's own, and all but what depends on the damaged record can be read.
 */
class BitFlipTest {
  private static final int SECTOR_BYTES = 512;

  /** Every bit takes eight times as long. */
  private static final boolean ALL_BITS = Boolean.getBoolean("firn.flips.all");

  private final LongAdder refused = new LongAdder();
  private final LongAdder damaged = new LongAdder();
  private final LongAdder older = new LongAdder();
  private final LongAdder whole = new LongAdder();

  private interface Check {
    /**
     * @param found what was found; null: the volume did not open
     */
    void run(String file, int offset, Found found) throws IOException;
  }

  private void flipAll(SimulatedDisk disk, Check check) {
    disk.contents()
        .forEach(
            (file, content) ->
                IntStream.range(0, content.length)
                    .parallel()
                    .forEach(offset -> flipByte(disk, file, offset, check)));
  }

  private void flipByte(SimulatedDisk disk, String file, int offset, Check check) {
    for (int bit = ALL_BITS ? 0 : offset % 8; bit <= (ALL_BITS ? 7 : offset % 8); bit++) {
      SimulatedDisk flipped = disk.powerCut(i -> true);
      flipped.flip(file, offset * 8L + bit);
      try {
        Found found = read(flipped);
        (found == null ? refused : found.damaged() > 0 ? damaged : whole).increment();
        check.run(file, offset, found);
      } catch (IOException | RuntimeException | AssertionError e) {
        throw new AssertionError("bit " + bit + " of byte " + offset + " of " + file + ": " + e, e);
      }
    }
  }

  private static Found read(SimulatedDisk disk) throws IOException {
    VolumeUnderTest volume;
    try {
      volume = VolumeUnderTest.open(disk, new History());
    } catch (CorruptDataException e) {
      return null;
    }
    try {
      Found found = volume.read();
      if (found.damaged() > 0) {
        assertTrue(volume.scrub() > 0, () -> "scrub finds it, too: " + found);
      }
      return found;
    } finally {
      volume.die();
    }
  }

  @Test
  void flipsInAClosedVolumeAreNoticedOrDoNoHarm() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(SECTOR_BYTES);
    VolumeUnderTest volume = Programs.filledVolume(disk);
    volume.close();
    VolumeUnderTest opened = VolumeUnderTest.recover(disk, volume.history);
    History.State state = opened.history.newest();
    Map<RecordPointer, Set<String>> dependents = Dependents.of(opened);
    opened.die();
    flipAll(
        disk,
        (file, offset, found) -> {
          Set<String> lost = lost(dependents, file, offset);
          if (found == null) {
            assertTrue(lost.contains("head") || lost.contains("table"), "it opens");
            return;
          }
          assertTrue(found.matches(state), () -> found + " but " + state);
          assertTrue(lost.containsAll(Dependents.damaged(found)), () -> found + " but " + lost);
        });
    print("closed volume");
    assertEquals(0, older.sum());
  }

  /** Who cannot be read when this byte is damaged. */
  private static Set<String> lost(
      Map<RecordPointer, Set<String>> dependents, String file, int offset) {
    Set<String> lost = new TreeSet<>();
    dependents.forEach(
        (pointer, names) -> {
          int end = pointer.offset() + 40 + pointer.storedLength();
          if (file.equals(String.format("segments/%016x", pointer.segment()))
              && pointer.offset() <= offset
              && offset < end) {
            lost.addAll(names);
          }
        });
    return lost;
  }

  /** Only bytes of the last group can take that group away; see the fault model. */
  @Test
  void flipsInAVolumeThatWasNotClosedTakeTheLastCommitAtMost() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(SECTOR_BYTES);
    VolumeUnderTest volume = Programs.filledVolume(disk);
    Map<String, byte[]> before = disk.contents();
    int committed = volume.history.committed();
    volume.run(new Step(Operation.PUT, 7, 77));
    volume.run(Step.of(Operation.COMMIT));
    volume.die();
    Map<String, byte[]> after = disk.contents();
    History history = volume.history;
    flipAll(
        disk,
        (file, offset, found) -> {
          if (found != null && history.require(found, committed) < history.newestIndex()) {
            older.increment();
            assertTrue(offset >= firstDifference(before, after, file), "a byte of the last group");
          }
        });
    print("volume that was not closed");
    assertTrue(older.sum() > 0, "the last group can be taken away");
  }

  private static int firstDifference(
      Map<String, byte[]> before, Map<String, byte[]> after, String file) {
    int first = Arrays.mismatch(before.getOrDefault(file, new byte[0]), after.get(file));
    return first < 0 ? Integer.MAX_VALUE : first;
  }

  private void print(String what) {
    System.out.printf(
        "%s: %d flips: %d refused to open, %d damaged, %d whole, of which %d one commit older%n",
        what,
        refused.sum() + damaged.sum() + whole.sum(),
        refused.sum(),
        damaged.sum(),
        whole.sum(),
        older.sum());
  }

  /** Which records what can be read depends on; a key that is absent depends on its leaf. */
  private static final class Dependents {
    private final Map<RecordPointer, Set<String>> names = new HashMap<>();
    private final VolumeMap map;

    private Dependents(VolumeMap map) {
      this.map = map;
    }

    static Map<RecordPointer, Set<String>> of(VolumeUnderTest volume) throws IOException {
      Dependents dependents = new Dependents(volume.map());
      try (FrozenMap table = volume.map().freezeTable()) {
        assertTrue(table.root().isLeaf());
        dependents.add(table.root().pointer(), "table");
      }
      for (VolumeMap.FrozenRoot root : volume.map().frozenRoots()) {
        try (FrozenMap frozen = volume.map().frozen(root.number())) {
          dependents.addAll(frozen.root(), "snapshot " + root.number());
        }
      }
      try (FrozenMap head = volume.map().freeze()) {
        dependents.addAll(head.root(), "head");
      }
      return dependents.names;
    }

    private void addAll(Node root, String rootName) throws IOException {
      add(root.pointer(), rootName);
      for (int number = 0; number < Found.KEYS; number++) {
        byte[] key = Found.key(number);
        String name = rootName + " key-" + number;
        Node node = root;
        add(node.pointer(), name);
        while (!node.isLeaf()) {
          node = map.nodes().child(node, TreeReader.childIndex(node, key));
          add(node.pointer(), name);
        }
        int index = Page.search(node.page, key);
        if (index >= 0) {
          add(ExtentRef.decode(node.entry(index)).place(), name);
        }
      }
    }

    private void add(RecordPointer place, String name) {
      names.computeIfAbsent(place, key -> new TreeSet<>()).add(name);
    }

    /** The names of what was found to be damaged. */
    static List<String> damaged(Found found) {
      List<String> names = new ArrayList<>();
      add(names, "head", found.head());
      if (found.snapshots() == null) {
        names.add("table");
      } else {
        found.snapshots().forEach((number, state) -> add(names, "snapshot " + number, state));
      }
      return names;
    }

    private static void add(List<String> names, String root, Map<Integer, Integer> state) {
      if (state == null) {
        names.add(root);
        return;
      }
      state.forEach(
          (key, number) -> {
            if (number == Found.DAMAGED) {
              names.add(root + " key-" + key);
            }
          });
    }
  }
}
