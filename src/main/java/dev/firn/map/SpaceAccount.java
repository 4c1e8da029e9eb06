package dev.firn.map;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongPredicate;

/**
 * Finds out how much of the disk sets of roots hold, by walking all trees: those of no set
 * together, then each set by itself. No reclaim may begin meanwhile.
 *
 * <p>Invariants, after any number of sets: {@link #once} has the blocks that some set reaches and
 * {@link #others} does not; {@link #again} those of them that a second set reaches; and each set's
 * own blocks are those that it was the first to reach. So what is in a set's own blocks and not in
 * {@link #again} is reached from it alone.
 */
final class SpaceAccount {
  /**
   * What a set reaches.
   *
   * @param own the blocks that no set before reached
   */
  private record Held(long logicalBytes, long storedBytes, BlockSet own) {}

  private final NodeStore nodes;
  private final ExtentKeys extentKeys;
  private final LongPredicate hasHead;

  private final BlockSet others;
  private final BlockSet once = new BlockSet();
  private final BlockSet again = new BlockSet();
  private final LiveWalk othersWalk;

  /**
   * @param hasHead whether a map's head counts: of a volume that was deleted, it is only there
   *     because a map has one
   */
  SpaceAccount(NodeStore nodes, ExtentKeys extentKeys, LongPredicate hasHead) {
    this.nodes = nodes;
    this.extentKeys = extentKeys;
    this.hasHead = hasHead;
    LiveRecords live = new LiveRecords();
    this.others = live.blocks();
    this.othersWalk = new LiveWalk(nodes, extentKeys, live);
  }

  SpaceReport run(ReclaimedMaps maps, List<Set<RootName>> sets) throws IOException {
    Set<RootName> asked = new HashSet<>();
    sets.forEach(asked::addAll);
    Map<RootName, Object> roots = new HashMap<>();
    for (long number : maps.list()) {
      try {
        maps.with(
            number,
            map -> {
              take(map.keptRoots(), number, asked, roots);
              return null;
            });
      } catch (NoSuchFileException e) {
        // Deleted meanwhile.
      }
    }
    List<Held> held = new ArrayList<>();
    for (Set<RootName> set : sets) {
      held.add(walk(set, roots));
    }
    List<SpaceUse> uses = new ArrayList<>();
    for (Held each : held) {
      each.own.removeAll(again);
      uses.add(new SpaceUse(each.logicalBytes, each.storedBytes, each.own.bytes()));
    }
    long freedBytes = once.bytes();
    return new SpaceReport(uses, freedBytes, freedBytes + others.bytes());
  }

  private void take(KeptRoots kept, long number, Set<RootName> asked, Map<RootName, Object> roots)
      throws IOException {
    othersWalk.walkTableAlone(kept.table());
    if (hasHead.test(number)) {
      take(RootName.head(number), kept.head(), asked, roots);
    }
    for (Map.Entry<Long, Object> frozen : kept.frozen().entrySet()) {
      take(new RootName(number, frozen.getKey()), frozen.getValue(), asked, roots);
    }
  }

  private void take(RootName name, Object root, Set<RootName> asked, Map<RootName, Object> roots)
      throws IOException {
    if (asked.contains(name)) {
      roots.put(name, root);
    } else {
      othersWalk.walkFiles(root);
    }
  }

  private Held walk(Set<RootName> set, Map<RootName, Object> roots) throws IOException {
    LiveRecords live = new LiveRecords();
    LiveWalk walk = new LiveWalk(nodes, extentKeys, live);
    for (RootName name : set) {
      Object root = roots.get(name);
      if (root != null) {
        walk.walkFiles(root);
      }
    }
    BlockSet mine = live.blocks();
    long storedBytes = mine.bytes();
    mine.removeAll(others);
    again.addAll(mine.intersection(once));
    mine.removeAll(once);
    once.addAll(mine);
    return new Held(walk.logicalBytes(), storedBytes, mine);
  }
}
