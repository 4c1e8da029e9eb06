package dev.firn.vfs;

import java.time.Instant;

/**
 * What the file system knows of one inode. Those in {@link Inodes} change under the volume's
 * exclusive lock and are read under the shared one; others are private copies.
 */
final class Inode {
  /** What an inode costs of the volume's size besides its data. */
  static final int CHARGE_BYTES = 512;

  private static final int DATA_UNIT_BYTES = 4096;
  private static final int SECTOR_BYTES = 512;
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  final long number;

  int mode;
  int uid;
  int gid;
  int device;
  long linkCount;

  /** When it was made, in ns: a number given out again after a rollback is another file. */
  long generation;

  long sizeBytes;

  /** File bytes in extents, without those in {@link #buffer}. */
  long allocatedBytes;

  /** Names and values of extended attributes. */
  long xattrBytes;

  /**
   * The directory it is in; its own number for the root. A file with several names may since have
   * lost the one that was there.
   */
  long parent;

  long accessSeconds;
  int accessNanos;
  long modifySeconds;
  int modifyNanos;
  long changeSeconds;
  int changeNanos;

  /** What this inode is part of in the volume's used bytes. */
  long chargedBytes;

  /** Whether the map does not have the newest state. */
  boolean dirty;

  /** Whether it is gone from the volume. */
  boolean removed;

  /** The last run of small writes, or null. */
  WriteBuffer buffer;

  Inode(long number) {
    this.number = number;
  }

  boolean isDirectory() {
    return FileMode.isDirectory(mode);
  }

  boolean isRegular() {
    return FileMode.isRegular(mode);
  }

  int type() {
    return mode & FileMode.TYPE_MASK;
  }

  Inode requireDirectory() throws ErrnoException {
    if (!isDirectory()) {
      throw new ErrnoException(Errno.ENOTDIR);
    }
    return this;
  }

  Inode requireRegular() throws ErrnoException {
    if (!isRegular()) {
      throw new ErrnoException(isDirectory() ? Errno.EISDIR : Errno.EINVAL);
    }
    return this;
  }

  void setAccessTime(Instant time) {
    accessSeconds = time.getEpochSecond();
    accessNanos = time.getNano();
  }

  void setModifyTime(Instant time) {
    modifySeconds = time.getEpochSecond();
    modifyNanos = time.getNano();
  }

  void setChangeTime(Instant time) {
    changeSeconds = time.getEpochSecond();
    changeNanos = time.getNano();
  }

  void setGeneration(Instant madeAt) {
    generation = madeAt.getEpochSecond() * NANOS_PER_SECOND + madeAt.getNano();
  }

  /** Data was written or entries changed. */
  void setContentTimes(Instant time) {
    setModifyTime(time);
    setChangeTime(time);
  }

  /** What it takes of the volume's size, counting all buffered bytes as new ones. */
  long charge() {
    return chargeWith(0, 0, 0);
  }

  /** As {@link #charge}, after the data, directory and xattr bytes grew by so much. */
  long chargeWith(long moreData, long moreDirectory, long moreXattrs) {
    long metadata = xattrBytes + moreXattrs + moreDirectory + (isRegular() ? 0 : sizeBytes);
    return CHARGE_BYTES
        + roundUp(allocatedBytes + bufferedBytes() + moreData, DATA_UNIT_BYTES)
        + roundUp(metadata, SECTOR_BYTES);
  }

  Attributes attributes() {
    return new Attributes(
        number,
        mode,
        uid,
        gid,
        linkCount,
        sizeBytes,
        roundUp(allocatedBytes + bufferedBytes(), SECTOR_BYTES),
        device,
        generation,
        accessSeconds,
        accessNanos,
        modifySeconds,
        modifyNanos,
        changeSeconds,
        changeNanos);
  }

  private long bufferedBytes() {
    return buffer != null && buffer.isDirty() ? buffer.newBytes() : 0;
  }

  private static long roundUp(long bytes, long unit) {
    return (bytes + unit - 1) / unit * unit;
  }
}
