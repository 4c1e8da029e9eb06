package dev.firn.vfs;

/**
 * What stat(2) tells of an inode. Times are seconds since 1970 (negative before) and nanoseconds 0
 * to 999,999,999.
 *
 * @param inode the number the file system answers to
 * @param mode type and permission bits, as st_mode
 * @param linkCount names that lead here; 0 for an unlinked file that is still open
 * @param sizeBytes the length; for a symbolic link its target's
 * @param allocatedBytes bytes of content that are no holes, rounded up to 512
 * @param device for device nodes: as st_rdev (kernel's 32-bit new_encode_dev form)
 * @param generation when it was made, in ns since 1970: distinguishes reuses of an inode number; 0
 *     for the root of a volume that an early version made
 */
public record Attributes(
    long inode,
    int mode,
    int uid,
    int gid,
    long linkCount,
    long sizeBytes,
    long allocatedBytes,
    int device,
    long generation,
    long accessSeconds,
    int accessNanos,
    long modifySeconds,
    int modifyNanos,
    long changeSeconds,
    int changeNanos) {

  public boolean isDirectory() {
    return FileMode.isDirectory(mode);
  }

  public boolean isRegular() {
    return FileMode.isRegular(mode);
  }

  public boolean isSymbolicLink() {
    return FileMode.isSymbolicLink(mode);
  }
}
