package dev.firn.store;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * A file of a {@link SimulatedDisk}: its bytes as readers see them, and as the disk has them.
 *
 * <p>Invariant: replaying the disk's {@link Unsynced} changes of this file over the durable bytes
 * gives the ones readers see, unless a force failed. Guarded by the disk.
 */
final class SimulatedFile {
  /** What space is given out in. */
  private static final int BLOCK_BYTES = 4096;

  private final String name;
  private final int sectorBytes;

  /** As readers see them; the array's length is the file's. */
  private byte[] current = new byte[0];

  /** As the disk has them: whole sectors, some of which may lie behind the durable length. */
  private byte[] durable = new byte[0];

  private int durableLengthBytes;
  private boolean nameIsDurable;
  private boolean isDeleted;
  private BitSet allocated = new BitSet();

  SimulatedFile(String name, int sectorBytes) {
    this.name = name;
    this.sectorBytes = sectorBytes;
  }

  String name() {
    return name;
  }

  int lengthBytes() {
    return current.length;
  }

  boolean nameIsDurable() {
    return nameIsDurable;
  }

  boolean isDeleted() {
    return isDeleted;
  }

  byte[] bytes() {
    return current.clone();
  }

  byte byteAt(int offset) {
    return current[offset];
  }

  /** What the disk has for good; what is not forced is still to be applied. */
  SimulatedFile afterPowerCut() {
    SimulatedFile copy = new SimulatedFile(name, sectorBytes);
    copy.durable = durable.clone();
    copy.durableLengthBytes = durableLengthBytes;
    copy.nameIsDurable = nameIsDurable;
    copy.isDeleted = isDeleted;
    copy.allocated = (BitSet) allocated.clone();
    return copy;
  }

  SimulatedFile fullCopy() {
    SimulatedFile copy = afterPowerCut();
    copy.current = current.clone();
    return copy;
  }

  /** Applies what survived a power cut. */
  void apply(Unsynced change) {
    makeDurable(change);
  }

  void makeDurable(Unsynced change) {
    switch (change.kind()) {
      case SECTOR -> {
        int end = change.offset() + sectorBytes;
        if (durable.length < end) {
          durable = Arrays.copyOf(durable, end);
        }
        System.arraycopy(change.content(), 0, durable, change.offset(), sectorBytes);
      }
      case LENGTH -> durableLengthBytes = change.lengthBytes();
      case CREATION -> nameIsDurable = true;
      case DELETION -> isDeleted = true;
    }
  }

  /** Readers see what the disk has, after a power cut. */
  void settle() {
    dropCache();
    durable = Arrays.copyOf(current, wholeSectors(current.length));
  }

  void dropCache() {
    current = Arrays.copyOf(durable, durableLengthBytes);
  }

  /** Readers see a change that is not durable. */
  void show(Unsynced change) {
    if (change.kind() == Unsynced.Kind.LENGTH) {
      current = Arrays.copyOf(current, change.lengthBytes());
      return;
    }
    int end = change.offset() + sectorBytes;
    if (end > current.length) {
      end = current.length;
    }
    if (end > change.offset()) {
      System.arraycopy(change.content(), 0, current, change.offset(), end - change.offset());
    }
  }

  private int wholeSectors(int bytes) {
    return (bytes + sectorBytes - 1) / sectorBytes * sectorBytes;
  }

  /**
   * Writes, and notes what is at risk.
   *
   * @param isThere false: the bytes get lost; what they do to the file's length does not
   */
  void write(int offset, byte[] bytes, boolean isThere, List<Unsynced> unsynced) {
    int end = offset + bytes.length;
    byte[] before = current;
    if (end > current.length) {
      current = Arrays.copyOf(current, end);
    }
    allocated.set(offset / BLOCK_BYTES, (end + BLOCK_BYTES - 1) / BLOCK_BYTES);
    if (isThere) {
      byte[] old = Arrays.copyOf(before, current.length);
      System.arraycopy(bytes, 0, current, offset, bytes.length);
      noteSectors(offset, end, old, unsynced);
    }
    if (before.length < current.length) {
      unsynced.add(Unsynced.length(this, current.length));
    }
  }

  /** Zeros behind the end are there with the length alone, so only changed sectors count. */
  private void noteSectors(int from, int to, byte[] old, List<Unsynced> unsynced) {
    for (int at = from / sectorBytes * sectorBytes; at < to; at += sectorBytes) {
      int end = Math.min(at + sectorBytes, current.length);
      if (!Arrays.equals(old, at, end, current, at, end)) {
        byte[] content = Arrays.copyOf(Arrays.copyOfRange(current, at, end), sectorBytes);
        unsynced.add(Unsynced.sector(this, at, content));
      }
    }
  }

  long punch(int from, int to, List<Unsynced> unsynced) {
    long freed = allocatedBytes(from, to);
    int end = Math.min(to, current.length);
    if (from < end) {
      byte[] old = current.clone();
      Arrays.fill(current, from, end, (byte) 0);
      noteSectors(from, end, old, unsynced);
    }
    allocated.clear((from + BLOCK_BYTES - 1) / BLOCK_BYTES, Math.max(from, to) / BLOCK_BYTES);
    return freed;
  }

  int read(int offset, ByteBuffer target) {
    int length = Math.max(0, Math.min(target.remaining(), current.length - offset));
    if (length > 0) {
      target.put(current, offset, length);
    }
    return length;
  }

  /** Bytes come here that belong elsewhere, past all caches. */
  void overwrite(int offset, byte[] bytes, int length) {
    System.arraycopy(bytes, 0, current, offset, length);
    if (durable.length < offset + length) {
      durable = Arrays.copyOf(durable, wholeSectors(offset + length));
    }
    System.arraycopy(bytes, 0, durable, offset, length);
  }

  void flip(long bit) {
    int at = (int) (bit / 8);
    byte mask = (byte) (1 << bit % 8);
    current[at] ^= mask;
    if (at < durable.length) {
      durable[at] ^= mask;
    }
  }

  /** How many of a write's bytes find room when so many are free. */
  int bytesThatFit(int offset, int length, long freeBytes) {
    long left = freeBytes / BLOCK_BYTES;
    for (int block = offset / BLOCK_BYTES; block * (long) BLOCK_BYTES < offset + length; block++) {
      if (!allocated.get(block) && --left < 0) {
        return (int) Math.max(0, block * (long) BLOCK_BYTES - offset);
      }
    }
    return length;
  }

  long allocatedBytes(int from, int to) {
    int first = from / BLOCK_BYTES;
    long blocks = 0;
    for (int b = allocated.nextSetBit(first); b >= 0; b = allocated.nextSetBit(b + 1)) {
      if (b * (long) BLOCK_BYTES >= to) {
        break;
      }
      blocks++;
    }
    return blocks * BLOCK_BYTES;
  }
}
