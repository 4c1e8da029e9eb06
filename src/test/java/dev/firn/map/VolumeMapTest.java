package dev.firn.map;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.base.Bytes;
import dev.firn.base.LongWork;
import dev.firn.store.FileSegmentStore;
import dev.firn.store.SegmentStore;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VolumeMapTest {
  static final MapOptions TINY =
      new MapOptions(1024, 64 << 10, 64 << 10, 64 << 10, 8 << 10, 64 << 10);
  static final MapStore.VolumeOptions LZ4 = new MapStore.VolumeOptions("a", "lz4");

  @TempDir Path directory;

  @TempDir Path images;

  static MapStore openStore(Path directory) throws IOException {
    return MapStore.open(directory, List.of("a"), TINY);
  }

  static byte[] key(int number) {
    return Bytes.utf8("key-" + number);
  }

  static void put(VolumeMap map, int number, String value) throws IOException {
    map.write(
        head -> {
          head.put(key(number), Bytes.utf8(value));
          return null;
        });
  }

  static String get(VolumeMap map, int number) throws IOException {
    MapEntry entry = map.read(head -> head.get(key(number)));
    return entry == null ? null : Bytes.text(entry.value());
  }

  @Test
  void closedMapReopensWithItsContent() throws IOException {
    try (MapStore store = openStore(directory)) {
      VolumeMap map = store.create(1, LZ4);
      for (int i = 0; i < 2000; i++) {
        put(map, i, "value " + i);
      }
    }
    try (MapStore store = openStore(directory)) {
      VolumeMap map = store.open(1);
      for (int i = 0; i < 2000; i++) {
        assertEquals("value " + i, get(map, i));
      }
      assertNull(get(map, 2000));
    }
  }

  @Test
  void readingANodeFromTheDiskIsLongWork() throws IOException {
    try (MapStore store = openStore(directory)) {
      VolumeMap map = store.create(1, LZ4);
      for (int i = 0; i < 500; i++) {
        put(map, i, "value");
      }
    }
    try (MapStore store = openStore(directory)) {
      VolumeMap map = store.open(1);
      AtomicInteger begun = new AtomicInteger();
      LongWork.listen(begun::incrementAndGet);
      try {
        get(map, 1);
        int reads = begun.get();
        assertTrue(reads > 0);
        get(map, 1);
        assertEquals(reads, begun.get(), "they are remembered");
      } finally {
        LongWork.listen(null);
      }
    }
  }

  @Test
  void committedChangesSurviveWithoutClose() throws IOException {
    MapStore store = openStore(directory);
    VolumeMap map = store.create(1, LZ4);
    put(map, 1, "committed");
    map.commit();
    put(map, 2, "not committed");
    Path copy = copyOf(directory);
    store.close();
    try (MapStore crashed = openStore(copy)) {
      VolumeMap recovered = crashed.open(1);
      assertEquals("committed", get(recovered, 1));
      assertNull(get(recovered, 2));
    }
  }

  @Test
  void extentsAreReadBackWhilePendingAndFromDisk() throws IOException {
    Random random = Seeds.random("extentsAreReadBackWhilePendingAndFromDisk");
    Map<Integer, byte[]> written = new HashMap<>();
    try (MapStore store = openStore(directory)) {
      VolumeMap map = store.create(1, LZ4);
      for (int i = 0; i < 100; i++) {
        byte[] bytes = new byte[1 + random.nextInt(20_000)];
        if (random.nextBoolean()) {
          random.nextBytes(bytes);
        }
        written.put(i, bytes);
        putExtent(map, i, bytes.clone());
        map.relieve();
        int probe = random.nextInt(i + 1);
        assertArrayEquals(written.get(probe), readExtent(map, map.freeze(), probe));
        if (random.nextInt(10) == 0) {
          map.checkpoint();
        }
      }
    }
    try (MapStore store = openStore(directory)) {
      VolumeMap map = store.open(1);
      for (int i = 0; i < 100; i++) {
        assertArrayEquals(written.get(i), readExtent(map, map.freeze(), i));
      }
    }
  }

  private static void putExtent(VolumeMap map, int number, byte[] bytes) throws IOException {
    PendingExtent pending = map.stage(bytes, bytes.length, null);
    ExtentRef extent = ExtentRef.of(pending, 0, bytes.length);
    map.write(
        head -> {
          head.put(key(number), extent.encode(), extent.pending());
          return null;
        });
  }

  private static byte[] readExtent(VolumeMap map, FrozenMap frozen, int number) throws IOException {
    ExtentRef extent = ExtentRef.decode(frozen.get(key(number)));
    return map.extentBytes(extent);
  }

  @Test
  void frozenRootsStayAsTheyWereThroughReopening() throws IOException {
    try (MapStore store = openStore(directory)) {
      VolumeMap map = store.create(7, LZ4);
      for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 50; i++) {
          put(map, i, "round " + round);
        }
        map.freezeAs(round + 1, Bytes.utf8("snapshot of round " + round));
        map.commit();
        if (round % 7 == 3) {
          map.checkpoint();
        }
      }
      assertTrue(map.dropFrozen(5));
      assertFalse(map.dropFrozen(5));
    }
    try (MapStore store = openStore(directory)) {
      VolumeMap map = store.open(7);
      assertEquals(19, map.frozenRoots().size());
      assertNull(map.frozen(5));
      for (VolumeMap.FrozenRoot root : map.frozenRoots()) {
        long round = root.number() - 1;
        assertEquals("snapshot of round " + round, Bytes.text(root.metadata()));
        FrozenMap frozen = map.frozen(root.number());
        assertEquals("round " + round, Bytes.text(frozen.get(key(17)).value()));
      }
      map.resetTo(3);
      assertEquals("round 2", get(map, 17));
      put(map, 17, "changed");
      VolumeMap clone = store.createFrom(8, LZ4, map.frozen(10));
      put(clone, 17, "cloned");
      assertEquals("round 9", get(clone, 18));
      assertEquals("round 9", Bytes.text(map.frozen(10).get(key(17)).value()));
    }
    try (MapStore store = openStore(directory)) {
      assertEquals(List.of(7L, 8L), store.list());
      assertEquals("changed", get(store.open(7), 17));
      assertEquals("cloned", get(store.open(8), 17));
      assertEquals("round 9", get(store.open(8), 18));
    }
  }

  /** A crash image taken at any moment gives a prefix of the writes with all that was committed. */
  @Test
  void crashImagesAreAPrefixThatHoldsEverythingCommitted() throws IOException {
    Random random = Seeds.random("crashImagesAreAPrefixThatHoldsEverythingCommitted");
    for (int round = 0; round < 40; round++) {
      Path home = Files.createDirectories(directory.resolve("home-" + round));
      List<NavigableMap<Integer, String>> states = new ArrayList<>();
      states.add(new TreeMap<>());
      MapStore store = openStore(home);
      VolumeMap map = store.create(1, LZ4);
      int committed = 0;
      int operations = 1 + random.nextInt(300);
      for (int i = 0; i < operations; i++) {
        NavigableMap<Integer, String> state = new TreeMap<>(states.get(states.size() - 1));
        int number = random.nextInt(60);
        String value = "v" + i + "-" + "x".repeat(random.nextInt(100));
        state.put(number, value);
        put(map, number, value);
        states.add(state);
        if (random.nextInt(20) == 0) {
          map.commit();
          committed = states.size() - 1;
        }
        if (random.nextInt(60) == 0) {
          map.checkpoint();
          committed = states.size() - 1;
        }
      }
      Path image = copyOf(home);
      tearLastSegment(image, random);
      store.close();
      try (MapStore recovered = openStore(image)) {
        VolumeMap found = recovered.open(1);
        NavigableMap<Integer, String> content = new TreeMap<>();
        for (int number = 0; number < 60; number++) {
          String value = get(found, number);
          if (value != null) {
            content.put(number, value);
          }
        }
        int at = states.lastIndexOf(content);
        assertTrue(
            at >= committed, "state " + at + " of " + states.size() + ", committed " + committed);
        put(found, 99, "after");
        found.commit();
      }
      try (MapStore again = openStore(image)) {
        assertEquals("after", get(again.open(1), 99));
      }
    }
  }

  /** Appends garbage, as a torn write would leave it. */
  private static void tearLastSegment(Path home, Random random) throws IOException {
    try (Stream<Path> files = Files.walk(home.resolve("segments"))) {
      List<Path> segments = files.filter(Files::isRegularFile).sorted().toList();
      if (segments.isEmpty()) {
        return;
      }
      byte[] garbage = new byte[random.nextInt(5000)];
      random.nextBytes(garbage);
      Path last = segments.get(segments.size() - 1);
      Files.write(last, garbage, java.nio.file.StandardOpenOption.APPEND);
    }
  }

  private Path copyOf(Path home) throws IOException {
    Path copy = Files.createTempDirectory(images, "image-");
    try (Stream<Path> files = Files.walk(home)) {
      for (Path file : files.toList()) {
        Path target = copy.resolve(home.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    }
    return copy;
  }

  @Test
  void diffOfFrozenRootsListsJustTheChanges() throws IOException {
    try (MapStore store = openStore(directory)) {
      VolumeMap map = store.create(1, LZ4);
      for (int i = 0; i < 5000; i++) {
        put(map, i, "same");
      }
      FrozenMap before = map.freeze();
      put(map, 2500, "other");
      put(map, 6000, "new");
      map.checkpoint();
      FrozenMap after = map.freeze();
      List<String> changes = new ArrayList<>();
      FrozenMap.diff(
          before,
          after,
          (left, right) ->
              changes.add(Bytes.text(right.key()) + (left == null ? " added" : " changed")));
      assertEquals(List.of("key-2500 changed", "key-6000 added"), changes);
      assertNotNull(before.get(key(2500)));
    }
  }

  /** Reclaiming deletes segments that were listed a moment before. */
  @Test
  void segmentsThatGoMeanwhileAreNotStored() throws IOException {
    long gone = 5L << 32 | 7;
    SegmentStore segments = new FileSegmentStore(directory.resolve("segments"), List.of("a"));
    SegmentStore listedBefore =
        (SegmentStore)
            Proxy.newProxyInstance(
                SegmentStore.class.getClassLoader(),
                new Class<?>[] {SegmentStore.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("list")) {
                    List<Long> list = new ArrayList<>(segments.list());
                    list.add(gone);
                    return list;
                  }
                  try {
                    return method.invoke(segments, arguments);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
    try (MapStore store = new MapStore(directory, listedBefore, TINY)) {
      VolumeMap map = store.create(1, LZ4);
      put(map, 1, "value");
      map.commit();
      assertTrue(store.storedBytes() > 0);
    }
  }
}
