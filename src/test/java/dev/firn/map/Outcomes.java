package dev.firn.map;

import dev.firn.store.SimulatedDisk;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.CRC32C;

/**
 * What has been recovered already: most crashes leave what another one left, too. Two outcomes are
 * taken for equal by a hash of 64 bits. Safe for concurrent use.
 */
final class Outcomes {
  private static final long FACTOR = 0x9e3779b97f4a7c15L;

  private final Set<Long> seen = ConcurrentHashMap.newKeySet();

  /**
   * Whether this disk, what is not forced included, has not been seen with this history.
   *
   * @param oldest the oldest state that is allowed
   */
  boolean isNew(SimulatedDisk disk, History history, int oldest) {
    long key = history.newestIndex() - oldest;
    for (int i = oldest; i <= history.newestIndex(); i++) {
      key = key * FACTOR + history.state(i).hashCode();
    }
    key = key * FACTOR + history.clones().hashCode();
    key = key * FACTOR + disk.unsynced().toString().hashCode();
    for (Map.Entry<String, byte[]> file : disk.contents().entrySet()) {
      key = (key * FACTOR + file.getKey().hashCode()) * FACTOR + hash(file.getValue());
    }
    return seen.add(key);
  }

  private static long hash(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return crc.getValue() << 32 | Arrays.hashCode(bytes) & 0xffffffffL;
  }

  int count() {
    return seen.size();
  }
}
