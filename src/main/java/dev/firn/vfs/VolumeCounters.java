package dev.firn.vfs;

import dev.firn.base.Bytes;
import dev.firn.map.MapEditor;
import dev.firn.map.MapEntry;
import dev.firn.map.MapView;
import java.io.IOException;

/**
 * A volume's counters, kept in its META key so that opening needs no counting. Guarded by the
 * volume's lock.
 *
 * <pre>
 *  0 u8  version: 1 of a tree of files; 2 of a disk, which older versions, that would let its names
 *        and sizes be changed, do not open
 *  1     7 bytes 0
 *  8 u64 next inode number
 * 16 u64 inodes
 * 24 u64 used bytes: the sum of the inodes' charges
 * </pre>
 */
final class VolumeCounters {
  private static final byte VERSION_FILES = 1;
  private static final byte VERSION_DISK = 2;
  private static final int VALUE_BYTES = 32;

  long nextInode;
  long inodeCount;
  long usedBytes;

  /** Whether the tree is that of a {@link Disk}. */
  boolean isDisk;

  private boolean dirty;

  /** The counters of a root, or null if it is no formatted volume. */
  static VolumeCounters load(MapView view) throws IOException {
    MapEntry entry = view.get(Keys.meta());
    if (entry == null) {
      return null;
    }
    byte[] value = entry.value();
    if (value.length != VALUE_BYTES || (value[0] != VERSION_FILES && value[0] != VERSION_DISK)) {
      throw new IOException("the volume's counters have an unknown form");
    }
    VolumeCounters counters = new VolumeCounters();
    counters.isDisk = value[0] == VERSION_DISK;
    counters.nextInode = Bytes.getLong(value, 8);
    counters.inodeCount = Bytes.getLong(value, 16);
    counters.usedBytes = Bytes.getLong(value, 24);
    return counters;
  }

  void changed() {
    dirty = true;
  }

  void save(MapEditor editor) throws IOException {
    if (!dirty) {
      return;
    }
    byte[] value = new byte[VALUE_BYTES];
    value[0] = isDisk ? VERSION_DISK : VERSION_FILES;
    Bytes.putLong(value, 8, nextInode);
    Bytes.putLong(value, 16, inodeCount);
    Bytes.putLong(value, 24, usedBytes);
    editor.put(Keys.meta(), value);
    dirty = false;
  }

  FileSystemStatus status(long sizeBytes) {
    long freeBytes = Math.max(0, sizeBytes - usedBytes);
    long inodesFree = freeBytes / Inode.CHARGE_BYTES;
    return new FileSystemStatus(sizeBytes, freeBytes, inodeCount + inodesFree, inodesFree);
  }
}
