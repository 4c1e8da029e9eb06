package dev.firn.fuse.jnr;

import dev.firn.vfs.Attributes;
import dev.firn.vfs.DirectoryEntry;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.FileSystemStatus;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.Struct;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.Statvfs;

/**
 * Writes answers into C structures, whose layouts (they differ between processors) are jnr-fuse's.
 * One per thread, since the structure objects are moved over the memory to write.
 */
final class AttributesWriter {
  private static final ThreadLocal<AttributesWriter> CURRENT =
      ThreadLocal.withInitial(AttributesWriter::new);

  private static final Runtime RUNTIME = Runtime.getSystemRuntime();

  /** The unit of st_blocks. */
  private static final int STAT_BLOCK_BYTES = 512;

  /** What one request carries: the best size for a program's own buffer. */
  private static final int PREFERRED_IO_BYTES = 128 << 10;

  private static final int STATFS_BLOCK_BYTES = 4096;

  private final FileStat stat = new FileStat(RUNTIME);
  private final Statvfs status = new Statvfs(RUNTIME);
  private final int statBytes = Struct.size(stat);
  private final int statusBytes = Struct.size(status);

  private AttributesWriter() {}

  static AttributesWriter current() {
    return CURRENT.get();
  }

  /** The size of struct stat, in bytes. */
  int statBytes() {
    return statBytes;
  }

  void writeStat(long address, Attributes attributes) {
    stat.useMemory(Pointer.wrap(RUNTIME, address, statBytes));
    stat.st_ino.set(attributes.inode());
    stat.st_mode.set(attributes.mode());
    stat.st_nlink.set(attributes.linkCount());
    stat.st_uid.set(attributes.uid());
    stat.st_gid.set(attributes.gid());
    stat.st_rdev.set(Integer.toUnsignedLong(attributes.device()));
    stat.st_size.set(attributes.sizeBytes());
    stat.st_blksize.set(PREFERRED_IO_BYTES);
    stat.st_blocks.set(attributes.allocatedBytes() / STAT_BLOCK_BYTES);
    stat.st_atim.tv_sec.set(attributes.accessSeconds());
    stat.st_atim.tv_nsec.set(attributes.accessNanos());
    stat.st_mtim.tv_sec.set(attributes.modifySeconds());
    stat.st_mtim.tv_nsec.set(attributes.modifyNanos());
    stat.st_ctim.tv_sec.set(attributes.changeSeconds());
    stat.st_ctim.tv_nsec.set(attributes.changeNanos());
  }

  /** What a listing tells: number and type. */
  void writeStat(long address, DirectoryEntry entry) {
    stat.useMemory(Pointer.wrap(RUNTIME, address, statBytes));
    stat.st_ino.set(entry.inode());
    stat.st_mode.set(entry.type());
  }

  void writeStatus(long address, FileSystemStatus values) {
    status.useMemory(Pointer.wrap(RUNTIME, address, statusBytes));
    status.f_bsize.set(STATFS_BLOCK_BYTES);
    status.f_frsize.set(STATFS_BLOCK_BYTES);
    status.f_blocks.set(values.totalBytes() / STATFS_BLOCK_BYTES);
    status.f_bfree.set(values.freeBytes() / STATFS_BLOCK_BYTES);
    status.f_bavail.set(values.freeBytes() / STATFS_BLOCK_BYTES);
    status.f_files.set(values.inodesTotal());
    status.f_ffree.set(values.inodesFree());
    status.f_favail.set(values.inodesFree());
    status.f_namemax.set(FileSystem.NAME_BYTES_MAX);
  }

  static Attributes withLinkCount(Attributes from, long linkCount) {
    return new Attributes(
        from.inode(),
        from.mode(),
        from.uid(),
        from.gid(),
        linkCount,
        from.sizeBytes(),
        from.allocatedBytes(),
        from.device(),
        from.generation(),
        from.accessSeconds(),
        from.accessNanos(),
        from.modifySeconds(),
        from.modifyNanos(),
        from.changeSeconds(),
        from.changeNanos());
  }
}
