package dev.firn.map;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.base.Bytes;
import dev.firn.store.RecordPointer;
import dev.firn.store.SimulatedDisk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Random histories of volumes, clones, shared extents, snapshots, rollbacks, deletions in any order
 * and reclaiming; after each the account is compared with one made by sets of blocks, tree by tree.
 */
class SpaceAccountTest {
  private static final int HISTORIES = Integer.getInteger("firn.histories", 10_000);

  /** What begins with the same operations is a history, too: each store sees so many. */
  private static final int PREFIXES = 25;

  private static final int KEYS = 12;
  private static final int BLOCK_BYTES = 4096;
  private static final int HEADER_BYTES = 40;

  /** Small pages, so that there are inner nodes; segments of 8 blocks. */
  private static final MapOptions SMALL =
      new MapOptions(384, 32 << 10, 64 << 10, 64 << 10, 2 << 10, 8 << 10);

  private MapStore store;
  private final Map<Long, VolumeMap> volumes = new TreeMap<>();
  private final Set<Long> headless = new HashSet<>();
  private long nextVolume;
  private long nextSnapshot;
  private long exclusiveBytes;
  private long sharedBytes;

  @Test
  void everyHistoryIsAccountedForAsByBruteForce() throws IOException {
    Random seeds = Seeds.random("everyHistoryIsAccountedForAsByBruteForce");
    for (int history = 0; history < HISTORIES; ) {
      long seed = seeds.nextLong();
      SimulatedDisk disk = new SimulatedDisk(512);
      volumes.clear();
      headless.clear();
      nextVolume = 1;
      nextSnapshot = 1;
      try (MapStore opened = new MapStore(disk.directory(), disk.segments(), SMALL)) {
        store = opened;
        Random random = new Random(seed);
        create(null);
        for (int prefix = 0; prefix < PREFIXES; prefix++) {
          for (int i = 1 + random.nextInt(8); i > 0; i--) {
            operate(random);
          }
          compare(random, "history of seed " + seed + ", part " + prefix);
          history++;
        }
      }
    }
    System.out.printf(
        "%d histories: %d bytes exclusive, %d shared%n", HISTORIES, exclusiveBytes, sharedBytes);
    assertTrue(exclusiveBytes > 0 && sharedBytes > 0);
  }

  private void create(FrozenMap source) throws IOException {
    long number = nextVolume++;
    volumes.put(
        number,
        source == null
            ? store.create(number, VolumeMapTest.LZ4)
            : store.createFrom(number, VolumeMapTest.LZ4, source));
  }

  private void operate(Random random) throws IOException {
    if (volumes.isEmpty()) {
      create(null);
    }
    VolumeMap map = one(random, volumes.values());
    switch (random.nextInt(20)) {
      case 0, 1, 2, 3, 4, 5 -> put(map, random);
      case 6 -> map.write(head -> head.delete(VolumeMapTest.key(random.nextInt(KEYS))));
      case 7, 8 -> share(map, random);
      case 9, 10, 11 -> {
        map.freezeAs(nextSnapshot++, Bytes.EMPTY);
        map.commit();
      }
      case 12, 13 -> {
        if (!map.frozenRoots().isEmpty()) {
          map.dropFrozen(one(random, map.frozenRoots()).number());
        }
      }
      case 14 -> {
        if (!map.frozenRoots().isEmpty()) {
          map.resetTo(one(random, map.frozenRoots()).number());
        }
      }
      case 15 -> {
        if (!map.frozenRoots().isEmpty()) {
          try (FrozenMap source = map.frozen(one(random, map.frozenRoots()).number())) {
            create(source);
          }
        }
      }
      case 16 -> {
        if (random.nextInt(4) == 0) {
          store.delete(map.number());
          volumes.remove(map.number());
          headless.remove(map.number());
        } else if (random.nextInt(2) == 0) {
          headless.add(map.number());
        }
      }
      case 17 -> map.checkpoint();
      case 18 -> map.commit();
      default -> store.reclaim(maps(), (bytes, start, length) -> true, false);
    }
  }

  private static void put(VolumeMap map, Random random) throws IOException {
    byte[] bytes = new byte[1 + random.nextInt(random.nextBoolean() ? 300 : 40_000)];
    if (random.nextBoolean()) {
      random.nextBytes(bytes);
    }
    PendingExtent pending = map.stage(bytes, bytes.length, null);
    ExtentRef extent = ExtentRef.of(pending, 0, bytes.length);
    map.write(
        head -> {
          head.put(VolumeMapTest.key(random.nextInt(KEYS)), extent.encode(), pending);
          return null;
        });
    map.relieve();
  }

  /** As a copy within a volume does, whole or in part. */
  private static void share(VolumeMap map, Random random) throws IOException {
    map.write(
        head -> {
          MapEntry source = head.get(VolumeMapTest.key(random.nextInt(KEYS)));
          if (source != null) {
            ExtentRef extent = ExtentRef.decode(source);
            ExtentRef part = extent.slice(0, 1 + random.nextInt(extent.length()));
            head.put(VolumeMapTest.key(random.nextInt(KEYS)), part.encode(), part.pending());
          }
          return null;
        });
  }

  private static <T> T one(Random random, Collection<T> all) {
    return List.copyOf(all).get(random.nextInt(all.size()));
  }

  private OpenMaps maps() {
    return OpenMaps.of(volumes.values().toArray(VolumeMap[]::new));
  }

  private void compare(Random random, String message) throws IOException {
    List<RootName> names = new ArrayList<>();
    for (VolumeMap map : volumes.values()) {
      if (!headless.contains(map.number())) {
        names.add(RootName.head(map.number()));
      }
      map.frozenRoots().forEach(root -> names.add(new RootName(map.number(), root.number())));
    }
    List<Set<RootName>> sets = new ArrayList<>();
    for (int i = random.nextInt(4); i >= 0; i--) {
      Set<RootName> set = new HashSet<>();
      names.stream().filter(name -> random.nextInt(3) == 0).forEach(set::add);
      sets.add(set);
    }
    SpaceReport report =
        store.space(
            maps(), (bytes, start, length) -> true, number -> !headless.contains(number), sets);

    Map<RootName, Set<String>> blocks = new HashMap<>();
    Set<String> others = new TreeSet<>();
    Set<RootName> asked = new HashSet<>();
    sets.forEach(asked::addAll);
    for (VolumeMap map : volumes.values()) {
      try (FrozenMap table = map.freezeTable()) {
        collect(table.root(), false, others);
      }
    }
    for (RootName name : names) {
      Set<String> reached = new TreeSet<>();
      try (FrozenMap root = root(name)) {
        collect(root.root(), true, reached);
      }
      blocks.put(name, reached);
      if (!asked.contains(name)) {
        others.addAll(reached);
      }
    }
    Set<String> freed = union(asked, blocks);
    freed.removeAll(others);
    assertEquals(bytes(freed), report.freedBytes(), message);
    assertEquals(bytes(freed) + bytes(others), report.liveBytes(), message);
    for (int i = 0; i < sets.size(); i++) {
      Set<String> stored = union(sets.get(i), blocks);
      Set<String> exclusive = new TreeSet<>(stored);
      exclusive.removeAll(others);
      for (int j = 0; j < sets.size(); j++) {
        if (j != i) {
          exclusive.removeAll(union(sets.get(j), blocks));
        }
      }
      SpaceUse use = report.sets().get(i);
      assertEquals(bytes(stored), use.storedBytes(), message);
      assertEquals(bytes(exclusive), use.exclusiveBytes(), message);
      exclusiveBytes += use.exclusiveBytes();
      sharedBytes += use.sharedBytes();
      if (sets.get(i).size() == 1) {
        assertEquals(logical(sets.get(i).iterator().next()), use.logicalBytes(), message);
      }
    }
  }

  private FrozenMap root(RootName name) throws IOException {
    VolumeMap map = volumes.get(name.volumeNumber());
    return name.snapshotNumber() == RootName.HEAD
        ? map.freeze()
        : map.frozen(name.snapshotNumber());
  }

  private static Set<String> union(Set<RootName> names, Map<RootName, Set<String>> blocks) {
    Set<String> union = new TreeSet<>();
    names.forEach(name -> union.addAll(blocks.get(name)));
    return union;
  }

  private static long bytes(Set<String> blocks) {
    return (long) blocks.size() * BLOCK_BYTES;
  }

  private long logical(RootName name) throws IOException {
    long bytes = 0;
    try (FrozenMap root = root(name)) {
      for (int key = 0; key < KEYS; key++) {
        MapEntry entry = root.get(VolumeMapTest.key(key));
        bytes += entry == null ? 0 : ExtentRef.decode(entry).length();
      }
    }
    return bytes;
  }

  /** Every node and every record of a tree, seen before or not. */
  private void collect(Node node, boolean files, Set<String> blocks) throws IOException {
    add(node.pointer(), blocks);
    for (int i = 0; i < node.count(); i++) {
      if (node.isLeaf()) {
        if (files) {
          add(ExtentRef.decode(node.entry(i)).place(), blocks);
        }
      } else {
        collect(store.nodes().child(node, i), files, blocks);
      }
    }
  }

  /** As the format has it: a header, the payload, zeros up to a multiple of 8. */
  private static void add(RecordPointer record, Set<String> blocks) {
    if (record == null) {
      return;
    }
    long end = (record.offset() + HEADER_BYTES + record.storedLength() + 7) / 8 * 8;
    blocks.add(record.segment() + ":0");
    for (long at = record.offset(); at < end; at = (at / BLOCK_BYTES + 1) * BLOCK_BYTES) {
      blocks.add(record.segment() + ":" + at / BLOCK_BYTES);
    }
  }
}
