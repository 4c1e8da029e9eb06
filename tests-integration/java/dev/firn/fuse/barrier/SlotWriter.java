package dev.firn.fuse.barrier;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;

import dev.firn.fuse.Mapping;
import dev.firn.fuse.Posix;
import dev.firn.fuse.TestMount;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Overwrites the slots of a file in turn, none of which crosses a page: by write(2), each of which
 * happens whole, or by stores to a shared mapping, of which one that is under way may show in part.
 */
final class SlotWriter extends LoadWriter {
  private static final int SLOT_BYTES = 1024;

  private final String file;
  private final int slots;
  private final int fd;
  private final Mapping mapping;

  SlotWriter(TestMount mount, String file, int slots, boolean mapped) {
    super(Long.MAX_VALUE);
    this.file = file;
    this.slots = slots;
    fd = Posix.open(mount.path(file), Posix.O_RDWR | Posix.O_CREAT);
    long length = (long) slots * SLOT_BYTES;
    check(LIBC.ftruncate(fd, length));
    int protection = Mapping.PROT_READ | Mapping.PROT_WRITE;
    mapping = mapped ? Mapping.of(fd, 0, length, protection, Mapping.MAP_SHARED) : null;
  }

  @Override
  void perform(long number) {
    byte[] record = record(number, SLOT_BYTES);
    long offset = number % slots * SLOT_BYTES;
    if (mapping != null) {
      mapping.put(offset, record);
    } else {
      Posix.writeAll(fd, record, offset);
    }
  }

  @Override
  void verify(Image image, long from, long to) {
    byte[] contents = image.read(file);
    if (contents.length != slots * SLOT_BYTES) {
      throw fault(from, to, "the file has " + contents.length + " bytes");
    }
    for (int slot = 0; slot < slots; slot++) {
      checkSlot(contents, slot, from, to);
    }
  }

  private void checkSlot(byte[] contents, int slot, long from, long to) {
    byte[] record = Arrays.copyOfRange(contents, slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES);
    long number = ByteBuffer.wrap(record).getLong();
    long oldest = latest(slot, from);
    if (mapping != null && latest(slot, to) != oldest) {
      // Some store to this slot was under way.
      return;
    }
    if (number < oldest || number > to || (number > 0 && number % slots != slot)) {
      throw fault(
          from, to, "slot " + slot + " holds number " + number + ", should be at least " + oldest);
    }
    byte[] expected = number == 0 ? new byte[SLOT_BYTES] : record(number, SLOT_BYTES);
    if (!Arrays.equals(record, expected)) {
      throw fault(from, to, "slot " + slot + " with number " + number + " is damaged");
    }
  }

  /** The last operation up to this one that wrote a slot; 0 if none did. */
  private long latest(int slot, long number) {
    long back = Math.floorMod(number - slot, (long) slots);
    return Math.max(0, number - back);
  }

  @Override
  void close() {
    if (mapping != null) {
      mapping.close();
    }
    check(LIBC.close(fd));
  }

  @Override
  public String toString() {
    return (mapping != null ? "writer that stores to '" : "writer that overwrites '") + file + "'";
  }
}
