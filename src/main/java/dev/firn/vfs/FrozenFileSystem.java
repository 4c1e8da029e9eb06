package dev.firn.vfs;

import dev.firn.map.FrozenMap;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The file system in a frozen root, read-only: every change answers EROFS. Inode numbers are those
 * the files had in the volume.
 */
public final class FrozenFileSystem extends ReadOnlyFileSystem {
  private final FrozenMap map;
  private final long sizeBytes;
  private final String name;
  private final Closeable onClose;
  private final VolumeCounters counters;
  private final Handles<Long> files = new Handles<>();
  private final Handles<DirectoryListing> directories = new Handles<>();

  /**
   * Shows a root that a {@link VolumeFileSystem} left behind.
   *
   * @param sizeBytes the size that its volume had
   * @throws IOException if the root holds no file system
   */
  public FrozenFileSystem(FrozenMap map, long sizeBytes) throws IOException {
    this(map, sizeBytes, "a snapshot", () -> {});
  }

  /**
   * As the other, for a root that is held for this file system's sake.
   *
   * @param name what to call it in messages, like {@code snapshot 'data@first'}
   * @param onClose runs at {@link #close}
   */
  public FrozenFileSystem(FrozenMap map, long sizeBytes, String name, Closeable onClose)
      throws IOException {
    this.map = map;
    this.sizeBytes = sizeBytes;
    this.name = name;
    this.onClose = onClose;
    this.counters = VolumeCounters.load(map);
    if (counters == null) {
      throw new IOException("the frozen root holds no file system");
    }
  }

  FrozenMap map() {
    return map;
  }

  @Override
  public Attributes lookup(long parent, byte[] name) throws IOException {
    if (Names.isDot(name)) {
      return Tree.require(map, parent).requireDirectory().attributes();
    }
    if (Names.isDotDot(name)) {
      long grandparent = Tree.require(map, parent).requireDirectory().parent;
      return Tree.require(map, grandparent).attributes();
    }
    Names.require(name);
    long number = Tree.child(map, parent, name);
    if (number == 0) {
      Tree.require(map, parent).requireDirectory();
      throw new ErrnoException(Errno.ENOENT);
    }
    return Tree.require(map, number).attributes();
  }

  @Override
  public Attributes getAttributes(long inode) throws IOException {
    return Tree.require(map, inode).attributes();
  }

  @Override
  public byte[] readLink(long inode) throws IOException {
    return map.extentBytes(Tree.linkTarget(map, Tree.require(map, inode)));
  }

  @Override
  public long open(long inode, boolean forWriting) throws IOException {
    Tree.require(map, inode).requireRegular();
    if (forWriting) {
      throw readOnly();
    }
    return files.add(inode);
  }

  @Override
  public void release(long handle) throws IOException {
    files.remove(handle);
  }

  @Override
  public int read(long inode, long offset, ByteBuffer target) throws IOException {
    if (offset < 0) {
      throw new ErrnoException(Errno.EINVAL);
    }
    Inode file = Tree.require(map, inode).requireRegular();
    int length = (int) Math.min(target.remaining(), Math.max(0, file.sizeBytes - offset));
    if (length > 0) {
      List<FileExtents.Slice> slices =
          FileExtents.slices(map, inode, offset, offset + length, Integer.MAX_VALUE);
      FileReader.fill(
          map::readExtents,
          inode,
          () -> PathFinder.textOf(map, inode) + " of " + name,
          slices,
          offset,
          length,
          target);
    }
    return length;
  }

  @Override
  public long seek(long inode, long offset, boolean hole) throws IOException {
    Inode file = Tree.require(map, inode).requireRegular();
    FileExtents.Search search = new FileExtents.Search(offset, false);
    while (!search.found()) {
      search = FileExtents.search(map, file, search.offset(), hole);
    }
    return search.offset();
  }

  @Override
  public long openDirectory(long inode) throws IOException {
    Inode directory = Tree.require(map, inode).requireDirectory();
    return directories.add(DirectoryListing.frozen(map, inode, directory.parent));
  }

  @Override
  public List<DirectoryEntry> readDirectory(long handle, long cookie, int limit)
      throws IOException {
    return directories.get(handle).read(cookie, limit);
  }

  @Override
  public void releaseDirectory(long handle) throws IOException {
    directories.remove(handle);
  }

  @Override
  public byte[] getXattr(long inode, byte[] name) throws IOException {
    Names.requireXattr(name);
    byte[] value = Tree.xattr(map, Tree.require(map, inode), name);
    if (value == null) {
      throw new ErrnoException(Errno.ENODATA);
    }
    return value;
  }

  @Override
  public List<byte[]> listXattrs(long inode) throws IOException {
    return Tree.xattrNames(map, Tree.require(map, inode));
  }

  @Override
  public FileSystemStatus status() {
    return counters.status(sizeBytes);
  }

  /** Runs what the constructor was given; the frozen root belongs to whoever opened it. */
  @Override
  public void close() throws IOException {
    onClose.close();
  }
}
