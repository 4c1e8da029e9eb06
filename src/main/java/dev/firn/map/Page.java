package dev.firn.map;

import dev.firn.base.Bytes;
import dev.firn.store.CorruptDataException;
import java.util.Arrays;

/**
 * The bytes of a tree node: sorted slots in front, cells behind. The array is also the on-disk
 * form.
 *
 * <pre>
 *  0 u8  level, 0 = leaf     8      u16 a slot: where its cell is
 *  1 u8  0                   8+2n   free
 *  2 u16 count n             ...    cells: u16 key length, u16 value length, key, value
 *  4 u16 lowest cell
 *  6 u16 bytes of dead cells
 * </pre>
 *
 * Invariants: slots are strictly ascending by key; every cell lies whole within the page; in an
 * inner page the first key is empty, standing for everything below the second. Static functions on
 * arrays, so that a node is one object. Not safe for concurrent change.
 */
final class Page {
  static final int HEADER_BYTES = 8;
  static final int CELL_OVERHEAD_BYTES = 4;
  static final int SLOT_BYTES = 2;

  private Page() {}

  /** An empty page. */
  static byte[] create(int pageBytes, int level) {
    byte[] page = new byte[pageBytes];
    page[0] = (byte) level;
    Bytes.putShort(page, 4, pageBytes);
    return page;
  }

  static int level(byte[] page) {
    return page[0];
  }

  static int count(byte[] page) {
    return Bytes.getShort(page, 2);
  }

  /** Bytes that live cells, their slots and the header take. */
  static int usedBytes(byte[] page) {
    return HEADER_BYTES
        + SLOT_BYTES * count(page)
        + (page.length - lowestCell(page))
        - Bytes.getShort(page, 6);
  }

  /** Bytes that an entry takes in a page, with its slot. */
  static int entryBytes(int keyLength, int valueLength) {
    return SLOT_BYTES + CELL_OVERHEAD_BYTES + keyLength + valueLength;
  }

  static int entryBytes(byte[] page, int index) {
    return entryBytes(keyLength(page, index), valueLength(page, index));
  }

  private static int lowestCell(byte[] page) {
    return Bytes.getShort(page, 4);
  }

  private static int cell(byte[] page, int index) {
    return Bytes.getShort(page, HEADER_BYTES + SLOT_BYTES * index);
  }

  static int keyLength(byte[] page, int index) {
    return Bytes.getShort(page, cell(page, index));
  }

  static int valueLength(byte[] page, int index) {
    return Bytes.getShort(page, cell(page, index) + 2);
  }

  static int keyStart(byte[] page, int index) {
    return cell(page, index) + CELL_OVERHEAD_BYTES;
  }

  static int valueStart(byte[] page, int index) {
    int cell = cell(page, index);
    return cell + CELL_OVERHEAD_BYTES + Bytes.getShort(page, cell);
  }

  static byte[] key(byte[] page, int index) {
    int start = keyStart(page, index);
    return Arrays.copyOfRange(page, start, start + keyLength(page, index));
  }

  static byte[] value(byte[] page, int index) {
    int start = valueStart(page, index);
    return Arrays.copyOfRange(page, start, start + valueLength(page, index));
  }

  /** The key's index, or {@code -(insertion point) - 1}. */
  static int search(byte[] page, byte[] key) {
    int low = 0;
    int high = count(page) - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int start = keyStart(page, middle);
      int order =
          Arrays.compareUnsigned(page, start, start + keyLength(page, middle), key, 0, key.length);
      if (order < 0) {
        low = middle + 1;
      } else if (order > 0) {
        high = middle - 1;
      } else {
        return middle;
      }
    }
    return -low - 1;
  }

  /** The last index whose key is not above {@code key}, or -1. */
  static int floor(byte[] page, byte[] key) {
    int index = search(page, key);
    return index >= 0 ? index : -index - 2;
  }

  /** Whether an entry fits, perhaps after {@link #compact}. */
  static boolean fits(byte[] page, int keyLength, int valueLength) {
    return usedBytes(page) + entryBytes(keyLength, valueLength) <= page.length;
  }

  /** Adds an entry before {@code index}; it must fit. */
  static void insert(byte[] page, int index, byte[] key, byte[] value) {
    insert(page, index, key, 0, key.length, value, 0, value.length);
  }

  static void insert(
      byte[] page,
      int index,
      byte[] key,
      int keyFrom,
      int keyLength,
      byte[] value,
      int valueFrom,
      int valueLength) {
    int count = count(page);
    int slotsEnd = HEADER_BYTES + SLOT_BYTES * count;
    int cellBytes = CELL_OVERHEAD_BYTES + keyLength + valueLength;
    if (lowestCell(page) - slotsEnd < cellBytes + SLOT_BYTES) {
      compact(page);
    }
    int cell = lowestCell(page) - cellBytes;
    assert cell >= slotsEnd + SLOT_BYTES : "page overflow";
    Bytes.putShort(page, cell, keyLength);
    Bytes.putShort(page, cell + 2, valueLength);
    System.arraycopy(key, keyFrom, page, cell + CELL_OVERHEAD_BYTES, keyLength);
    System.arraycopy(value, valueFrom, page, cell + CELL_OVERHEAD_BYTES + keyLength, valueLength);
    int slot = HEADER_BYTES + SLOT_BYTES * index;
    System.arraycopy(page, slot, page, slot + SLOT_BYTES, slotsEnd - slot);
    Bytes.putShort(page, slot, cell);
    Bytes.putShort(page, 2, count + 1);
    Bytes.putShort(page, 4, cell);
  }

  static void remove(byte[] page, int index) {
    int count = count(page);
    int dead = CELL_OVERHEAD_BYTES + keyLength(page, index) + valueLength(page, index);
    Bytes.putShort(page, 6, Bytes.getShort(page, 6) + dead);
    int slot = HEADER_BYTES + SLOT_BYTES * index;
    int slotsEnd = HEADER_BYTES + SLOT_BYTES * count;
    System.arraycopy(page, slot + SLOT_BYTES, page, slot, slotsEnd - slot - SLOT_BYTES);
    Bytes.putShort(page, 2, count - 1);
  }

  /** Moves all live cells to the end, so that the free bytes are in one piece. */
  private static void compact(byte[] page) {
    byte[] old = page.clone();
    int count = count(old);
    Bytes.putShort(page, 2, 0);
    Bytes.putShort(page, 4, page.length);
    Bytes.putShort(page, 6, 0);
    for (int i = 0; i < count; i++) {
      append(page, old, i);
    }
  }

  /** Adds entry {@code index} of another page behind the last; it must fit without compaction. */
  static void append(byte[] page, byte[] other, int index) {
    insert(
        page,
        count(page),
        other,
        keyStart(other, index),
        keyLength(other, index),
        other,
        valueStart(other, index),
        valueLength(other, index));
  }

  /** A copy with room for changes. */
  static byte[] expand(byte[] page, int pageBytes) {
    if (page.length == pageBytes) {
      return page.clone();
    }
    byte[] copy = create(pageBytes, level(page));
    int count = count(page);
    for (int i = 0; i < count; i++) {
      append(copy, page, i);
    }
    return copy;
  }

  /** The form that goes to disk: as short as the entries allow. */
  static byte[] pack(byte[] page) {
    byte[] packed = create(usedBytes(page), level(page));
    int count = count(page);
    for (int i = 0; i < count; i++) {
      append(packed, page, i);
    }
    return packed;
  }

  /** Checks a page that came from disk, so that later accesses need no checks. */
  static void verify(byte[] page) throws CorruptDataException {
    if (page.length < HEADER_BYTES || page.length > 0xffff) {
      throw new CorruptDataException("tree node of " + page.length + " bytes");
    }
    int count = count(page);
    int slotsEnd = HEADER_BYTES + SLOT_BYTES * count;
    boolean whole = slotsEnd <= page.length && level(page) >= 0 && lowestCell(page) >= slotsEnd;
    for (int i = 0; whole && i < count; i++) {
      int cell = cell(page, i);
      whole =
          cell >= slotsEnd
              && cell + CELL_OVERHEAD_BYTES <= page.length
              && cell + CELL_OVERHEAD_BYTES + keyLength(page, i) + valueLength(page, i)
                  <= page.length;
      if (whole && i > 0) {
        int before = keyStart(page, i - 1);
        int start = keyStart(page, i);
        whole =
            Arrays.compareUnsigned(
                    page,
                    before,
                    before + keyLength(page, i - 1),
                    page,
                    start,
                    start + keyLength(page, i))
                < 0;
      }
    }
    if (!whole) {
      throw new CorruptDataException("tree node whose cells overlap or are out of order");
    }
  }
}
