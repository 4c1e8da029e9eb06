package dev.firn.fuse.kernel;

import dev.firn.vfs.Attributes;
import dev.firn.vfs.DeviceNumbers;
import dev.firn.vfs.FileSystem;

/**
 * Writes the protocol's structures for attributes and names into answers, and decides how long the
 * kernel may believe them: for good, since every change goes through it; not at all where a file
 * system says that it changes unseen.
 *
 * <pre>
 * fuse_attr, 88 bytes                               fuse_entry_out, 128 bytes
 *  0 u64 inode     48 u32 atime ns   72 u32 group    0 u64 node      24 u64 attributes, seconds
 *  8 u64 size      52 u32 mtime ns   76 u32 device   8 u64 generation 32 u32 name, ns
 * 16 u64 blocks    56 u32 ctime ns   80 u32 block   16 u64 name,     36 u32 attributes, ns
 * 24 u64 atime     60 u32 mode          size               seconds   40     fuse_attr
 * 32 u64 mtime     64 u32 links      84 u32 flags
 * 40 u64 ctime     68 u32 user                      fuse_attr_out, 104 bytes: u64 seconds,
 *                                                    u32 ns, u32 0, fuse_attr
 * </pre>
 */
final class Structures {
  static final int ATTRIBUTES_BYTES = 104;
  static final int ENTRY_BYTES = 128;
  static final int STATX_BYTES = 288;
  static final int OPEN_BYTES = 16;

  /** In the answer to OPEN: what was cached stays right, since all changes are the kernel's own. */
  static final int OPEN_KEEP_CACHE = 1 << 1;

  static final int BLOCK_BYTES = 4096;

  /** A year: as good as for ever, and far from what a kernel's clock could overflow at. */
  private static final long FOR_GOOD_SECONDS = 365L * 24 * 3600;

  private static final int SECTOR_BYTES = 512;
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  /** STATX_BASIC_STATS and STATX_BTIME: what {@link #statx} answers. */
  private static final int STATX_MASK = 0xfff;

  private Structures() {}

  private static long attributesSeconds(FileSystem fileSystem, long inode) {
    return fileSystem.changesUnseen(inode) ? 0 : FOR_GOOD_SECONDS;
  }

  private static long nameSeconds(FileSystem fileSystem, long parent) {
    return fileSystem.changesUnseen(parent) ? 0 : FOR_GOOD_SECONDS;
  }

  /** A name and what it leads to; the caller has {@link FileSystem#remember}ed it. */
  static int entry(
      Request request, int at, FileSystem fileSystem, long parent, Attributes attributes) {
    request
        .putLong(at, attributes.inode())
        .putLong(at + 8, attributes.generation())
        .putLong(at + 16, nameSeconds(fileSystem, parent))
        .putLong(at + 24, attributesSeconds(fileSystem, attributes.inode()))
        .putLong(at + 32, 0);
    fuseAttributes(request, at + 40, attributes);
    return ENTRY_BYTES;
  }

  /** A name that leads nowhere, as far as the kernel need not ask again. */
  static int noEntry(Request request, int at) {
    for (int i = 0; i < ENTRY_BYTES; i += Long.BYTES) {
      request.putLong(at + i, 0);
    }
    request.putLong(at + 16, FOR_GOOD_SECONDS);
    return ENTRY_BYTES;
  }

  static int attributes(Request request, FileSystem fileSystem, Attributes attributes) {
    request.putLong(0, attributesSeconds(fileSystem, attributes.inode())).putLong(8, 0);
    fuseAttributes(request, 16, attributes);
    return ATTRIBUTES_BYTES;
  }

  private static void fuseAttributes(Request request, int at, Attributes attributes) {
    request
        .putLong(at, attributes.inode())
        .putLong(at + 8, attributes.sizeBytes())
        .putLong(at + 16, attributes.allocatedBytes() / SECTOR_BYTES)
        .putLong(at + 24, attributes.accessSeconds())
        .putLong(at + 32, attributes.modifySeconds())
        .putLong(at + 40, attributes.changeSeconds())
        .putInt(at + 48, attributes.accessNanos())
        .putInt(at + 52, attributes.modifyNanos())
        .putInt(at + 56, attributes.changeNanos())
        .putInt(at + 60, attributes.mode())
        .putInt(at + 64, (int) attributes.linkCount())
        .putInt(at + 68, attributes.uid())
        .putInt(at + 72, attributes.gid())
        .putInt(at + 76, attributes.device())
        .putInt(at + 80, BLOCK_BYTES)
        .putInt(at + 84, 0);
  }

  /** fuse_open_out: u64 handle, u32 flags, u32 0. */
  static int open(Request request, int at, long handle, int flags) {
    request.putLong(at, handle).putInt(at + 8, flags).putInt(at + 12, 0);
    return OPEN_BYTES;
  }

  /** fuse_statx_out: validity as in fuse_attr_out, then struct statx as statx(2) has it. */
  static int statx(Request request, FileSystem fileSystem, Attributes attributes) {
    for (int i = 0; i < STATX_BYTES; i += Long.BYTES) {
      request.putLong(i, 0);
    }
    request.putLong(0, attributesSeconds(fileSystem, attributes.inode()));
    int at = 32;
    request
        .putInt(at, STATX_MASK)
        .putInt(at + 4, BLOCK_BYTES)
        .putInt(at + 16, (int) attributes.linkCount())
        .putInt(at + 20, attributes.uid())
        .putInt(at + 24, attributes.gid())
        .putShort(at + 28, attributes.mode())
        .putLong(at + 32, attributes.inode())
        .putLong(at + 40, attributes.sizeBytes())
        .putLong(at + 48, attributes.allocatedBytes() / SECTOR_BYTES);
    time(request, at + 64, attributes.accessSeconds(), attributes.accessNanos());
    // The generation is the time when the inode was made.
    time(
        request,
        at + 80,
        Math.floorDiv(attributes.generation(), NANOS_PER_SECOND),
        (int) Math.floorMod(attributes.generation(), NANOS_PER_SECOND));
    time(request, at + 96, attributes.changeSeconds(), attributes.changeNanos());
    time(request, at + 112, attributes.modifySeconds(), attributes.modifyNanos());
    request
        .putInt(at + 128, DeviceNumbers.major(attributes.device()))
        .putInt(at + 132, DeviceNumbers.minor(attributes.device()));
    return STATX_BYTES;
  }

  private static void time(Request request, int at, long seconds, int nanos) {
    request.putLong(at, seconds).putInt(at + 8, nanos);
  }
}
