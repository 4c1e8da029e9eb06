package dev.firn.map;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.Bytes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;

/** The tree against a TreeMap, with nodes so small that every boundary occurs. */
class BlockMapModelTest {
  private static final int KEY_BYTES_MAX = 20;

  private record Frozen(Node root, NavigableMap<byte[], byte[]> model) {}

  @Property(tries = 400, shrinking = ShrinkingMode.OFF)
  void treeAndModelAgreeThroughPutsDeletesAndFreezes(
      @ForAll long seed, @ForAll @IntRange(min = 0, max = 2) int size) throws IOException {
    int pageBytes = new int[] {192, 256, 1024}[size];
    Random random = new Random(seed);
    NodeStore nodes = NodeStore.none();
    BlockMap tree = new BlockMap(nodes, pageBytes, null);
    NavigableMap<byte[], byte[]> model = newModel();
    List<Frozen> frozen = new ArrayList<>();
    int keySpace = 1 + random.nextInt(400);
    int deletePercent = random.nextInt(80);
    int steps = 50 + random.nextInt(800);
    for (int i = 0; i < steps; i++) {
      byte[] key = key(random, keySpace);
      if (random.nextInt(100) < deletePercent) {
        assertEquals(model.remove(key) != null, tree.delete(key));
      } else {
        byte[] value = new byte[random.nextInt(tree.entryBytesMax() - key.length + 1)];
        random.nextBytes(value);
        tree.put(key, value, null);
        model.put(key, value);
      }
      if (random.nextInt(40) == 0) {
        NavigableMap<byte[], byte[]> copy = newModel();
        copy.putAll(model);
        frozen.add(new Frozen(tree.freeze(), copy));
      }
      if (random.nextInt(200) == 0 && !frozen.isEmpty()) {
        Frozen back = frozen.get(random.nextInt(frozen.size()));
        tree.reset(back.root());
        model = newModel();
        model.putAll(back.model());
      }
      checkLookups(tree, model, key(random, keySpace));
    }
    checkAll(nodes, tree.root(), model);
    for (Frozen each : frozen) {
      checkAll(nodes, each.root(), each.model());
    }
    for (int i = 0; i < 5 && frozen.size() > 1; i++) {
      checkDiff(
          nodes,
          frozen.get(random.nextInt(frozen.size())),
          frozen.get(random.nextInt(frozen.size())));
    }
    while (!model.isEmpty()) {
      byte[] key = random.nextBoolean() ? model.firstKey() : model.lastKey();
      model.remove(key);
      assertTrue(tree.delete(key));
    }
    assertFalse(tree.cursor(Bytes.EMPTY).next());
    assertTrue(tree.root().isLeaf());
  }

  private static NavigableMap<byte[], byte[]> newModel() {
    return new TreeMap<>(Arrays::compareUnsigned);
  }

  private static byte[] key(Random random, int keySpace) {
    int number = random.nextInt(keySpace);
    Random shape = new Random(number * 31L);
    byte[] key = new byte[1 + shape.nextInt(KEY_BYTES_MAX)];
    shape.nextBytes(key);
    return key;
  }

  private static void checkLookups(BlockMap tree, NavigableMap<byte[], byte[]> model, byte[] key)
      throws IOException {
    MapEntry found = tree.get(key);
    if (model.get(key) == null) {
      assertNull(found);
    } else {
      assertArrayEquals(model.get(key), found.value());
    }
    Map.Entry<byte[], byte[]> below = model.floorEntry(key);
    MapEntry floor = tree.floor(key);
    if (below == null) {
      assertNull(floor);
    } else {
      assertArrayEquals(below.getKey(), floor.key());
      assertArrayEquals(below.getValue(), floor.value());
    }
    MapCursor cursor = tree.cursor(key);
    Map.Entry<byte[], byte[]> next = model.ceilingEntry(key);
    assertEquals(next != null, cursor.next());
    if (next != null) {
      assertArrayEquals(next.getKey(), cursor.key());
    }
  }

  private static void checkAll(NodeStore nodes, Node root, NavigableMap<byte[], byte[]> model)
      throws IOException {
    MapCursor cursor = TreeReader.cursor(nodes, root, Bytes.EMPTY);
    for (Map.Entry<byte[], byte[]> entry : model.entrySet()) {
      assertTrue(cursor.next());
      assertArrayEquals(entry.getKey(), cursor.key());
      assertArrayEquals(entry.getValue(), cursor.value());
    }
    assertFalse(cursor.next());
  }

  private static void checkDiff(NodeStore nodes, Frozen before, Frozen after) throws IOException {
    List<String> expected = new ArrayList<>();
    NavigableMap<byte[], byte[]> all = newModel();
    all.putAll(before.model());
    all.putAll(after.model());
    for (byte[] key : all.keySet()) {
      byte[] left = before.model().get(key);
      byte[] right = after.model().get(key);
      if (!Arrays.equals(left, right)) {
        expected.add(describe(key, left, right));
      }
    }
    List<String> found = new ArrayList<>();
    MapDiff.run(
        nodes,
        before.root(),
        after.root(),
        (left, right) ->
            found.add(
                describe(
                    (left != null ? left : right).key(),
                    left == null ? null : left.value(),
                    right == null ? null : right.value())));
    assertEquals(expected, found);
  }

  private static String describe(byte[] key, byte[] left, byte[] right) {
    return Arrays.toString(key) + ": " + Arrays.toString(left) + " -> " + Arrays.toString(right);
  }
}
