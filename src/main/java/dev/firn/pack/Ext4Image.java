package dev.firn.pack;

import dev.firn.base.FirnException;
import dev.firn.base.Program;
import dev.firn.base.Sizes;
import dev.firn.snapshot.Snapshot;
import dev.firn.vfs.FileSystemStatus;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/** Makes an ext4 file system of a tree, with mke2fs(8), in a sparse file. */
final class Ext4Image {
  private static final String PACKAGE = "e2fsprogs";
  private static final int SECONDS_MIN = 600;
  private static final long BYTES_PER_SECOND_MIN = 1 << 20;
  private static final int BLOCK_BYTES = 4096;

  /** Its journal, at most, and what a file system has besides. */
  private static final long OVERHEAD_BYTES = 160 * Sizes.MIB;

  /** mke2fs has an inode for so many bytes unless told otherwise. */
  private static final long BYTES_PER_INODE = 16384;

  private static final long SPARE_INODES = 1000;

  private Ext4Image() {}

  /**
   * Makes the image, and checks it.
   *
   * @param directory where the tree is mounted
   * @param image a file that is replaced
   */
  static void make(
      Path directory,
      Snapshot snapshot,
      FileSystemStatus status,
      Path image,
      Program.Watcher watcher)
      throws IOException {
    long inodes = status.inodesTotal() - status.inodesFree() + SPARE_INODES;
    long used = status.totalBytes() - status.freeBytes();
    long sizeBytes = sizeBytes(snapshot.sizeBytes(), used, inodes);
    int seconds = (int) Math.min(Integer.MAX_VALUE, SECONDS_MIN + used / BYTES_PER_SECOND_MIN);
    UUID uuid = UUID.nameUUIDFromBytes(snapshot.id().getBytes(StandardCharsets.US_ASCII));
    Program.Result made =
        Program.result(
            PACKAGE,
            seconds,
            List.of(
                "mke2fs",
                "-q",
                "-F",
                "-t",
                "ext4",
                "-b",
                Integer.toString(BLOCK_BYTES),
                "-m",
                "0",
                "-N",
                Long.toString(Math.max(inodes, sizeBytes / BYTES_PER_INODE)),
                "-U",
                uuid.toString(),
                "-d",
                directory.toString(),
                image.toAbsolutePath().toString(),
                sizeBytes / 1024 + "k"),
            watcher);
    if (made.exitStatus() != 0) {
      throw FirnException.failed(
          "%s cannot be made an ext4 image: %s", snapshot.described(), made.reason());
    }
    Program.Result checked =
        Program.result(
            PACKAGE, seconds, List.of("e2fsck", "-fn", image.toAbsolutePath().toString()), watcher);
    if (checked.exitStatus() != 0) {
      throw FirnException.failed(
          "the ext4 image of %s is not sound: %s", snapshot.described(), checked.reason());
    }
  }

  /** The volume's, or where that is too tight, enough. */
  private static long sizeBytes(long volumeBytes, long usedBytes, long inodes) {
    long enough = usedBytes + usedBytes / 10 + inodes * BLOCK_BYTES + OVERHEAD_BYTES;
    long size = Math.max(volumeBytes, enough);
    return (size + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
  }
}
