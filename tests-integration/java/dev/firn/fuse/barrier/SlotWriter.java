package dev.firn.fuse.barrier;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;

import dev.firn.fuse.Mapping;
import dev.firn.fuse.Posix;
import dev.firn.fuse.TestMount;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Overwrites the slots of a file in turn, none of which crosses a page, by write(2) or by stores to
 * a shared mapping. Of both, one that is under way may show in part: a page may change while the
 * kernel hands it over.
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
    byte[] found = Arrays.copyOfRange(contents, slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES);
    long oldest = latest(slot, from);
    long told = ByteBuffer.wrap(found).getLong();
    boolean ofThisSlot = told >= oldest && told <= to && told == latest(slot, told);
    if (ofThisSlot && Arrays.equals(found, contentsOf(told))) {
      return;
    }
    boolean[] explained = new boolean[SLOT_BYTES];
    int left = SLOT_BYTES;
    for (long number = oldest; left > 0 && number <= to; number = next(slot, number)) {
      byte[] record = contentsOf(number);
      for (int i = 0; i < SLOT_BYTES; i++) {
        if (!explained[i] && found[i] == record[i]) {
          explained[i] = true;
          left--;
        }
      }
    }
    if (left > 0) {
      String what = "slot %d, which tells number %d, has %d bytes of neither %d nor a later one";
      throw fault(from, to, String.format(what, slot, told, left, oldest));
    }
  }

  /** What a slot holds after an operation; 0: before all. */
  private static byte[] contentsOf(long number) {
    return number == 0 ? new byte[SLOT_BYTES] : record(number, SLOT_BYTES);
  }

  /** The operation that writes a slot next after another that did, or after none, 0. */
  private long next(int slot, long number) {
    return number == 0 && slot > 0 ? slot : number + slots;
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
    LIBC.close(fd);
  }

  @Override
  public String toString() {
    return (mapping != null ? "writer that stores to '" : "writer that overwrites '") + file + "'";
  }
}
