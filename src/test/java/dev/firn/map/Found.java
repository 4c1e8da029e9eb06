package dev.firn.map;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.base.Bytes;
import dev.firn.store.CorruptDataException;
import java.io.IOException;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;

/**
 * What a volume holds, read record by record and compared with what was written.
 *
 * @param head key to number; {@link #DAMAGED} where Firn says that it is damaged
 * @param snapshots likewise; null where a snapshot's root is damaged. Null: the table is
 */
record Found(Map<Integer, Integer> head, Map<Long, Map<Integer, Integer>> snapshots) {
  static final int KEYS = 12;
  static final int DAMAGED = -1;

  /** The longest record. */
  private static final int CONTENT_BYTES_MAX = 1500;

  /** The bytes of a record that a number, 0 or more, determines: some can be packed. */
  static byte[] content(int number) {
    Random random = new Random(number);
    byte[] bytes = new byte[4 + random.nextInt(CONTENT_BYTES_MAX)];
    if (random.nextInt(4) > 0) {
      random.nextBytes(bytes);
    }
    Bytes.putInt(bytes, 0, number);
    return bytes;
  }

  static byte[] key(int key) {
    return Bytes.utf8("key-" + key);
  }

  static byte[] metadata(long snapshot) {
    return Bytes.utf8("s" + snapshot);
  }

  /** Reads all; throws nothing of what Firn says of damage. */
  static Found read(VolumeMap map) throws IOException {
    Map<Integer, Integer> head = new TreeMap<>();
    for (int key = 0; key < KEYS; key++) {
      int number = key;
      readInto(head, key, map, () -> map.read(view -> view.get(key(number))));
    }
    Map<Long, Map<Integer, Integer>> snapshots = new TreeMap<>();
    try {
      for (VolumeMap.FrozenRoot root : map.frozenRoots()) {
        assertArrayEquals(metadata(root.number()), root.metadata());
        snapshots.put(root.number(), read(map, root.number()));
      }
    } catch (CorruptDataException e) {
      snapshots = null;
    }
    return new Found(head, snapshots);
  }

  private static Map<Integer, Integer> read(VolumeMap map, long snapshot) throws IOException {
    try (FrozenMap frozen = map.frozen(snapshot)) {
      Map<Integer, Integer> state = new TreeMap<>();
      for (int key = 0; key < KEYS; key++) {
        int number = key;
        readInto(state, key, map, () -> frozen.get(key(number)));
      }
      return state;
    } catch (CorruptDataException e) {
      return null;
    }
  }

  private interface Lookup {
    MapEntry run() throws IOException;
  }

  private static void readInto(Map<Integer, Integer> state, int key, VolumeMap map, Lookup lookup)
      throws IOException {
    try {
      MapEntry entry = lookup.run();
      if (entry != null) {
        byte[] bytes = map.extentBytes(ExtentRef.decode(entry));
        int number = Bytes.getInt(bytes, 0);
        assertArrayEquals(content(number), bytes, "bytes of key " + key);
        state.put(key, number);
      }
    } catch (CorruptDataException e) {
      state.put(key, DAMAGED);
    }
  }

  /** Whether everything that is not damaged is as it should be. */
  boolean matches(History.State state) {
    if (!matches(head, state.head())) {
      return false;
    }
    if (snapshots == null) {
      return true;
    }
    if (!snapshots.keySet().equals(state.snapshots().keySet())) {
      return false;
    }
    return snapshots.entrySet().stream()
        .allMatch(each -> matches(each.getValue(), state.snapshots().get(each.getKey())));
  }

  private static boolean matches(Map<Integer, Integer> found, Map<Integer, Integer> wanted) {
    if (found == null) {
      return true;
    }
    for (int key = 0; key < KEYS; key++) {
      Integer number = found.get(key);
      boolean damaged = number != null && number == DAMAGED;
      if (!damaged && !Objects.equals(number, wanted.get(key))) {
        return false;
      }
    }
    return true;
  }

  /** Of how many keys and roots Firn says that they are damaged. */
  int damaged() {
    int count = count(head);
    if (snapshots == null) {
      return count + 1;
    }
    for (Map<Integer, Integer> snapshot : snapshots.values()) {
      count += snapshot == null ? 1 : count(snapshot);
    }
    return count;
  }

  private static int count(Map<Integer, Integer> state) {
    return (int) state.values().stream().filter(number -> number == DAMAGED).count();
  }

  void requireWhole() {
    assertEquals(0, damaged(), () -> "damaged: " + this);
  }
}
