package dev.firn.pack;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.firn.base.FirnException;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.DirectoryEntry;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.FileSystemStatus;
import dev.firn.vfs.ReadOnlyFileSystem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The files in a package, or in a full one with those that change it, read-only, without importing
 * them. The tree is read and verified when it is opened; each member of the data when something of
 * it is read, and what does not have its digest is an error, not data. Inode numbers are ordinals,
 * plus one. Safe for concurrent use.
 */
public final class PackageFileSystem extends ReadOnlyFileSystem {
  private static final int MEMBERS_CACHED_MIN = 2;
  private static final int MEMBERS_CACHED_MAX = 8;

  /** Of the heap, for members. */
  private static final int HEAP_PART = 32;

  private static final int DOTS = 2;
  private static final int SECTOR_BYTES = 512;

  private final List<PackageFile> packages = new ArrayList<>();

  /** For each package the number of its first member of the data among those of all. */
  private final List<Integer> firstMembers = new ArrayList<>();

  private final PackageIndex index;
  private final Cache<Integer, byte[]> members;

  /**
   * Opens a package, or a chain of them.
   *
   * @param files a full one, each other behind the one that it changes
   * @param spoolDirectory for the decompressed tree
   * @param trust whose packages are shown
   * @throws FirnException of kind NOT_FOUND if there is no file, CORRUPT if its tree is damaged or
   *     it is no package, USAGE if it is incremental and alone, CONFLICT if they do not follow one
   *     another
   */
  public PackageFileSystem(
      List<Path> files, Path spoolDirectory, Trust trust, ProgressListener listener)
      throws IOException {
    PackageIndex whole = null;
    boolean opened = false;
    try {
      for (Path file : files) {
        PackageFile next = new PackageFile(file, trust, listener);
        packages.add(next);
        requireNext(next, files.size());
        firstMembers.add(whole == null ? 0 : whole.members());
        whole = with(whole, next, spoolDirectory);
      }
      opened = true;
    } finally {
      if (!opened) {
        close(whole);
      }
    }
    index = whole;
    long fitting = Runtime.getRuntime().maxMemory() / HEAP_PART / PackageLayout.DATA_MEMBER_BYTES;
    members =
        Caffeine.newBuilder()
            .maximumSize(Math.max(MEMBERS_CACHED_MIN, Math.min(MEMBERS_CACHED_MAX, fitting)))
            .build();
  }

  private void requireNext(PackageFile next, int files) {
    Manifest.BasePart base = next.manifest().base();
    if (files == 1 && base != null) {
      throw FirnException.usage(
          "%s is incremental and needs %s: give that one's package with --base",
          next.source(), base.shown());
    }
    int before = packages.size() - 2;
    Manifest last = before < 0 ? null : packages.get(before).manifest();
    PackageMerge.requireNext(next.source(), next.manifest(), last);
  }

  /** The index of one more package, in the place of that of those before. */
  private static PackageIndex with(PackageIndex before, PackageFile next, Path spoolDirectory)
      throws IOException {
    if (before == null) {
      return PackageIndex.of(next, spoolDirectory);
    }
    PackageIndex after = PackageIndex.over(before, next, spoolDirectory);
    before.close();
    return after;
  }

  private int ordinal(long inode) throws ErrnoException {
    if (inode < 1 || inode > index.inodes()) {
      throw new ErrnoException(Errno.ENOENT);
    }
    return (int) (inode - 1);
  }

  private static long number(long ordinal) {
    return ordinal + 1;
  }

  private TreeRecord.Inode require(int ordinal, int type, Errno otherwise) throws IOException {
    TreeRecord.Inode record = index.inode(ordinal);
    if ((record.mode() & FileMode.TYPE_MASK) != type) {
      throw new ErrnoException(otherwise);
    }
    return record;
  }

  @Override
  public Attributes lookup(long parent, byte[] name) throws IOException {
    int directory = ordinal(parent);
    TreeRecord.Inode record = require(directory, FileMode.DIRECTORY, Errno.ENOTDIR);
    if (name.length == 0) {
      throw new ErrnoException(Errno.ENOENT);
    }
    if (name.length > FileSystem.NAME_BYTES_MAX) {
      throw new ErrnoException(Errno.ENAMETOOLONG);
    }
    if (DirectoryEntry.isDots(name)) {
      return getAttributes(name.length == 1 ? parent : number(record.parent()));
    }
    int position = index.find(directory, name);
    if (position < 0) {
      throw new ErrnoException(Errno.ENOENT);
    }
    return getAttributes(number(index.name(position).ordinal()));
  }

  @Override
  public Attributes getAttributes(long inode) throws IOException {
    int ordinal = ordinal(inode);
    TreeRecord.Inode record = index.inode(ordinal);
    boolean directory = FileMode.isDirectory(record.mode());
    long sizeBytes =
        FileMode.isSymbolicLink(record.mode()) ? record.target().length : record.sizeBytes();
    return new Attributes(
        inode,
        record.mode(),
        record.uid(),
        record.gid(),
        directory ? DOTS + index.subdirectories(ordinal) : record.names(),
        sizeBytes,
        allocatedBytes(ordinal, record),
        record.device(),
        1,
        record.accessSeconds(),
        record.accessNanos(),
        record.modifySeconds(),
        record.modifyNanos(),
        record.modifySeconds(),
        record.modifyNanos());
  }

  private long allocatedBytes(int ordinal, TreeRecord.Inode record) throws IOException {
    if (!FileMode.isRegular(record.mode())) {
      return 0;
    }
    long bytes = index.dataBytes(ordinal);
    return (bytes + SECTOR_BYTES - 1) / SECTOR_BYTES * SECTOR_BYTES;
  }

  @Override
  public byte[] readLink(long inode) throws IOException {
    return require(ordinal(inode), FileMode.SYMBOLIC_LINK, Errno.EINVAL).target();
  }

  @Override
  public long open(long inode, boolean forWriting) throws IOException {
    require(ordinal(inode), FileMode.REGULAR, Errno.EINVAL);
    if (forWriting) {
      throw readOnly();
    }
    return inode;
  }

  @Override
  public void release(long handle) {}

  @Override
  public int read(long inode, long offset, ByteBuffer target) throws IOException {
    if (offset < 0) {
      throw new ErrnoException(Errno.EINVAL);
    }
    int ordinal = ordinal(inode);
    TreeRecord.Inode file = require(ordinal, FileMode.REGULAR, Errno.EINVAL);
    int length = (int) Math.min(target.remaining(), Math.max(0, file.sizeBytes() - offset));
    long end = offset + length;
    long next = offset;
    int count = index.extentCount(ordinal);
    for (int i = firstEndingBehind(ordinal, count, offset); i < count && next < end; i++) {
      TreeRecord.Extent extent = index.extent(ordinal, i);
      if (extent.offset() >= end) {
        break;
      }
      putZeros(target, extent.offset() - next);
      next = Math.max(next, extent.offset());
      int skip = (int) (next - extent.offset());
      int part = (int) Math.min(extent.length() - skip, end - next);
      target.put(member(extent.member()), extent.memberOffset() + skip, part);
      next += part;
    }
    putZeros(target, end - next);
    return length;
  }

  private int firstEndingBehind(int ordinal, int count, long offset) throws IOException {
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = (low + high) >>> 1;
      TreeRecord.Extent extent = index.extent(ordinal, middle);
      if (extent.offset() + extent.length() > offset) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  private static void putZeros(ByteBuffer target, long count) {
    if (count > 0) {
      target.put(new byte[(int) count]);
    }
  }

  /** A data member's raw bytes; an IOException, EIO to whoever reads, if they are damaged. */
  private byte[] member(int number) throws IOException {
    try {
      return members.get(number, this::load);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } catch (FirnException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private byte[] load(int number) {
    int which = packages.size() - 1;
    while (firstMembers.get(which) > number) {
      which--;
    }
    try {
      return packages.get(which).readData(number - firstMembers.get(which));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public long seek(long inode, long offset, boolean hole) throws IOException {
    int ordinal = ordinal(inode);
    TreeRecord.Inode file = require(ordinal, FileMode.REGULAR, Errno.EINVAL);
    if (offset < 0 || offset >= file.sizeBytes()) {
      throw new ErrnoException(Errno.ENXIO);
    }
    int count = index.extentCount(ordinal);
    long next = offset;
    for (int i = firstEndingBehind(ordinal, count, offset); i < count; i++) {
      TreeRecord.Extent extent = index.extent(ordinal, i);
      if (!hole) {
        return Math.max(offset, extent.offset());
      }
      if (extent.offset() > next) {
        return next;
      }
      next = extent.offset() + extent.length();
    }
    if (!hole) {
      throw new ErrnoException(Errno.ENXIO);
    }
    return next;
  }

  @Override
  public long openDirectory(long inode) throws IOException {
    require(ordinal(inode), FileMode.DIRECTORY, Errno.ENOTDIR);
    return inode;
  }

  @Override
  public List<DirectoryEntry> readDirectory(long handle, long cookie, int limit)
      throws IOException {
    int directory = ordinal(handle);
    List<DirectoryEntry> entries = new ArrayList<>();
    int first = index.firstName(directory);
    long end = DOTS + (long) index.endOfNames(directory) - first;
    for (long next = Math.max(0, cookie); next < end && entries.size() < limit; next++) {
      if (next < DOTS) {
        long to = next == 0 ? handle : number(index.inode(directory).parent());
        byte[] name = next == 0 ? new byte[] {'.'} : new byte[] {'.', '.'};
        entries.add(new DirectoryEntry(name, to, FileMode.DIRECTORY, next + 1));
        continue;
      }
      PackageIndex.Name name = index.name(first + (int) (next - DOTS));
      int type = index.inode(name.ordinal()).mode() & FileMode.TYPE_MASK;
      entries.add(new DirectoryEntry(name.name(), number(name.ordinal()), type, next + 1));
    }
    return entries;
  }

  @Override
  public void releaseDirectory(long handle) {}

  @Override
  public byte[] getXattr(long inode, byte[] name) throws IOException {
    byte[][] value = new byte[1][];
    index.forEachXattr(
        ordinal(inode),
        xattr -> {
          if (Arrays.equals(xattr.name(), name)) {
            value[0] = xattr.value();
          }
        });
    if (value[0] == null) {
      throw new ErrnoException(Errno.ENODATA);
    }
    return value[0];
  }

  @Override
  public List<byte[]> listXattrs(long inode) throws IOException {
    List<byte[]> names = new ArrayList<>();
    index.forEachXattr(ordinal(inode), xattr -> names.add(xattr.name()));
    return names;
  }

  @Override
  public FileSystemStatus status() {
    long totalBytes = packages.get(packages.size() - 1).manifest().volume().sizeBytes();
    long freeBytes = Math.max(0, totalBytes - index.dataBytes());
    return new FileSystemStatus(totalBytes, freeBytes, index.inodes(), 0);
  }

  @Override
  public void close() throws IOException {
    close(index);
  }

  private void close(PackageIndex which) throws IOException {
    try {
      if (which != null) {
        which.close();
      }
    } finally {
      for (PackageFile each : packages) {
        each.close();
      }
    }
  }
}
