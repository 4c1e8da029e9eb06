package dev.firn.map;

import dev.firn.store.SimulatedDisk;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.Set;

/** Which parts of what was not forced survive a power cut: a systematic choice of subsets. */
final class Survivals {
  private Survivals() {}

  /** None, all, each single one, all but each single one, and each prefix. */
  static Set<BitSet> of(SimulatedDisk disk) {
    int count = disk.unsynced().size();
    Set<BitSet> survivals = new LinkedHashSet<>();
    for (int i = 0; i <= count; i++) {
      survivals.add(range(0, i));
    }
    for (int i = 0; i < count; i++) {
      survivals.add(range(i, i + 1));
      BitSet without = range(0, count);
      without.clear(i);
      survivals.add(without);
    }
    return survivals;
  }

  private static BitSet range(int from, int to) {
    BitSet set = new BitSet();
    set.set(from, to);
    return set;
  }
}
