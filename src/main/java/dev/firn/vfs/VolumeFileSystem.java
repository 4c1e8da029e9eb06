package dev.firn.vfs;

import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import dev.firn.map.MapView;
import dev.firn.map.VolumeMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Instant;
import java.util.List;

/**
 * The live file system of a volume. Attributes and short writes gather in memory and reach the map
 * before each of its commits and freezes, so that a commit or freeze holds all that was done before
 * it. Reading does not change access times (as mounted with noatime).
 *
 * <p>What counts against the volume's size: for each inode its data (rounded up to 4,096 bytes),
 * its names or target and its extended attributes (rounded up to 512), and 512 bytes. Deleting
 * works on a full volume.
 *
 * <p>A block volume is such a file system with one file, {@link Disk#NAME}: its names and sizes are
 * fixed (EPERM), and writes behind its end answer ENOSPC as those to a disk do.
 *
 * <p>A map takes one open file system at a time; its head must not be reset meanwhile.
 */
public final class VolumeFileSystem implements FileSystem {
  private static final int ROOT_MODE = FileMode.DIRECTORY | 0755;
  private static final long FIRST_FREE_INODE = 3;

  private final VolumeMap map;
  private final Inodes inodes;
  private final Lifetimes lifetimes;
  private final Namespace namespace;
  private final Renames renames;
  private final Directories directories;
  private final FileContent content;
  private final RangeCopy rangeCopy;
  private final Xattrs xattrs;
  private final AttributeChanges attributeChanges;
  private final Handles<Long> files = new Handles<>();

  /** The inode of a block volume's disk; 0 in other volumes. */
  private volatile long disk;

  private volatile KernelCache kernel;

  private VolumeFileSystem(VolumeMap map, VolumeCounters counters, long sizeBytes, Clock clock) {
    this.map = map;
    this.inodes = new Inodes(map, counters, sizeBytes);
    this.lifetimes = new Lifetimes(inodes);
    this.xattrs = new Xattrs(inodes, clock);
    Entries entries = new Entries(inodes);
    this.namespace = new Namespace(inodes, entries, lifetimes, xattrs, clock);
    this.renames = new Renames(inodes, entries, lifetimes, clock);
    this.directories = new Directories(inodes, entries, lifetimes);
    this.content = new FileContent(inodes, clock);
    this.rangeCopy = new RangeCopy(inodes, content, clock);
    this.attributeChanges = new AttributeChanges(inodes, content, xattrs, clock);
  }

  /**
   * Makes an empty file system in an empty map: a root directory of user and group 0, mode 0755.
   * Durable with the first commit.
   *
   * @param sizeBytes what the volume holds at most
   */
  public static VolumeFileSystem create(VolumeMap map, long sizeBytes, Clock clock)
      throws IOException {
    VolumeCounters counters = new VolumeCounters();
    counters.nextInode = FIRST_FREE_INODE;
    VolumeFileSystem fileSystem = new VolumeFileSystem(map, counters, sizeBytes, clock);
    Instant now = clock.instant();
    fileSystem.inodes.edit(
        editor -> {
          Inode root = new Inode(ROOT_INODE);
          root.mode = ROOT_MODE;
          root.linkCount = 2;
          root.parent = ROOT_INODE;
          root.setAccessTime(now);
          root.setContentTimes(now);
          root.setGeneration(now);
          fileSystem.inodes.add(root);
          fileSystem.inodes.seal(editor);
          return null;
        });
    map.setSealHook(fileSystem.inodes::seal);
    return fileSystem;
  }

  /**
   * As {@link #create}, with one file of a fixed size, all of it a hole, for user and group 0
   * alone.
   *
   * @param sizeBytes of the disk, a multiple of {@link Disk#SECTOR_BYTES}
   */
  public static VolumeFileSystem createDisk(VolumeMap map, long sizeBytes, Clock clock)
      throws IOException {
    VolumeFileSystem fileSystem = create(map, sizeBytes, clock);
    long inode = fileSystem.makeNode(ROOT_INODE, Disk.name(), Disk.MODE, 0, 0, 0).inode();
    fileSystem.setAttributes(inode, SetAttributes.size(sizeBytes));
    fileSystem.becomeDisk(sizeBytes);
    return fileSystem;
  }

  /**
   * Makes a file system that holds exactly a {@link Disk} into one; it grows if it is shorter.
   *
   * @throws FirnException of kind CORRUPT if it holds anything else, or a longer one
   */
  public void becomeDisk(long sizeBytes) throws IOException {
    disk =
        inodes.edit(
            editor -> {
              long found = Disk.inode(editor);
              Inode inode = found == 0 ? null : inodes.load(editor, found);
              if (inode == null
                  || !inode.isRegular()
                  || inode.linkCount != 1
                  || inodes.count() != 2) {
                throw FirnException.corrupt(
                    "what should be a disk holds something else than one file '%s'", Disk.NAME);
              }
              if (inode.sizeBytes > sizeBytes) {
                throw FirnException.corrupt(
                    "a disk of %d bytes is in what should be one of %d",
                    inode.sizeBytes, sizeBytes);
              }
              content.resize(editor, inode, sizeBytes);
              inodes.setSizeBytes(sizeBytes);
              inodes.becomeDisk();
              return found;
            });
    map.keepCached();
  }

  /**
   * Opens what {@link #create} made, and removes files that were in use without a name. A disk that
   * is shorter than its volume, which was resized meanwhile, grows.
   *
   * @throws IOException if the map holds no file system
   */
  public static VolumeFileSystem open(VolumeMap map, long sizeBytes, Clock clock)
      throws IOException {
    VolumeCounters counters = loadCounters(map);
    VolumeFileSystem fileSystem = open(map, counters, sizeBytes, clock);
    if (counters.isDisk) {
      fileSystem.openDisk(sizeBytes);
    }
    return fileSystem;
  }

  /**
   * As {@link #open}, but what is a disk is a file like others until {@link #becomeDisk}: for
   * volumes that are not there for anybody yet.
   */
  public static VolumeFileSystem openFiles(VolumeMap map, long sizeBytes, Clock clock)
      throws IOException {
    VolumeCounters counters = loadCounters(map);
    counters.isDisk = false;
    return open(map, counters, sizeBytes, clock);
  }

  private static VolumeCounters loadCounters(VolumeMap map) throws IOException {
    VolumeCounters counters = map.read(VolumeCounters::load);
    if (counters == null) {
      throw new IOException("volume " + map.number() + " holds no file system");
    }
    return counters;
  }

  private static VolumeFileSystem open(
      VolumeMap map, VolumeCounters counters, long sizeBytes, Clock clock) throws IOException {
    VolumeFileSystem fileSystem = new VolumeFileSystem(map, counters, sizeBytes, clock);
    map.setSealHook(fileSystem.inodes::seal);
    fileSystem.lifetimes.removeAll();
    return fileSystem;
  }

  /**
   * Who uses a disk mostly reads and writes past the kernel's cache of the mount (loop devices,
   * virtual machines), so the cache below is the only one.
   */
  private void openDisk(long sizeBytes) throws IOException {
    map.keepCached();
    disk = map.read(Disk::inode);
    if (disk == 0) {
      throw new IOException("block volume " + map.number() + " holds no disk");
    }
    if (getAttributes(disk).sizeBytes() < sizeBytes) {
      resize(sizeBytes);
    }
  }

  /** What a root holds; null if it is no file system. */
  public static VolumeKind kind(MapView root) throws IOException {
    VolumeCounters counters = VolumeCounters.load(root);
    if (counters == null) {
      return null;
    }
    return counters.isDisk ? VolumeKind.BLOCK : VolumeKind.FILESYSTEM;
  }

  /** What the files of a root take of a volume's size; -1 if it holds no file system. */
  public static long usedBytes(MapView root) throws IOException {
    VolumeCounters counters = VolumeCounters.load(root);
    return counters == null ? -1 : counters.usedBytes;
  }

  /**
   * Changes the size at once; with it that of a disk.
   *
   * @throws FirnException of kind CONFLICT if the volume holds more than that, or is a longer disk
   */
  public void resize(long newSizeBytes) throws IOException {
    if (disk != 0) {
      growDisk(newSizeBytes);
      return;
    }
    inodes.saveBuffers();
    inodes.edit(
        editor -> {
          if (inodes.usedBytes() > newSizeBytes) {
            throw FirnException.conflict(
                "the volume holds %s, more than %s; delete files or choose a larger size",
                Sizes.format(inodes.usedBytes()), Sizes.format(newSizeBytes));
          }
          inodes.setSizeBytes(newSizeBytes);
          return null;
        });
  }

  private void growDisk(long newSizeBytes) throws IOException {
    inodes.edit(
        editor -> {
          Inode inode = inodes.load(editor, disk);
          if (newSizeBytes < inode.sizeBytes) {
            throw FirnException.conflict(
                "the disk has %d bytes and cannot shrink to %d", inode.sizeBytes, newSizeBytes);
          }
          content.resize(editor, inode, newSizeBytes);
          inodes.setSizeBytes(newSizeBytes);
          return null;
        });
    KernelCache cache = kernel;
    if (cache != null) {
      cache.attributesChanged(disk);
    }
  }

  @Override
  public boolean hasFixedSizes() {
    return disk != 0;
  }

  @Override
  public void cachedBy(KernelCache cache) {
    kernel = cache;
  }

  /** Throws EPERM where there is one name for good. */
  private void requireFreeNames() throws ErrnoException {
    if (disk != 0) {
      throw new ErrnoException(Errno.EPERM);
    }
  }

  @Override
  public Attributes lookup(long parent, byte[] name) throws IOException {
    return namespace.lookup(parent, name);
  }

  @Override
  public Attributes getAttributes(long inode) throws IOException {
    return map.read(view -> inodes.require(view, inode).attributes());
  }

  @Override
  public Attributes setAttributes(long inode, SetAttributes changes) throws IOException {
    return attributeChanges.apply(inode, changes);
  }

  @Override
  public boolean dropPrivileges(long inode) throws IOException {
    return attributeChanges.dropPrivileges(inode);
  }

  @Override
  public byte[] readLink(long inode) throws IOException {
    return map.holdingPlaces(
        () ->
            map.extentBytes(map.read(view -> Tree.linkTarget(view, inodes.require(view, inode)))));
  }

  @Override
  public Attributes makeNode(long parent, byte[] name, int mode, int device, int uid, int gid)
      throws IOException {
    requireFreeNames();
    return switch (mode & FileMode.TYPE_MASK) {
      case FileMode.REGULAR, FileMode.FIFO, FileMode.SOCKET ->
          namespace.make(parent, name, mode, 0, uid, gid, null);
      case FileMode.CHARACTER_DEVICE, FileMode.BLOCK_DEVICE ->
          namespace.make(parent, name, mode, device, uid, gid, null);
      default -> throw new ErrnoException(Errno.EINVAL);
    };
  }

  @Override
  public Attributes makeTemporary(long parent, int mode, int uid, int gid) throws IOException {
    requireFreeNames();
    return namespace.makeTemporary(parent, mode & FileMode.PERMISSION_MASK, uid, gid);
  }

  @Override
  public Attributes makeDirectory(long parent, byte[] name, int mode, int uid, int gid)
      throws IOException {
    requireFreeNames();
    int directoryMode = FileMode.DIRECTORY | (mode & FileMode.PERMISSION_MASK);
    return namespace.make(parent, name, directoryMode, 0, uid, gid, null);
  }

  @Override
  public Attributes makeSymbolicLink(long parent, byte[] name, byte[] target, int uid, int gid)
      throws IOException {
    requireFreeNames();
    if (target.length == 0) {
      throw new ErrnoException(Errno.ENOENT);
    }
    if (target.length > Namespace.LINK_TARGET_BYTES_MAX) {
      throw new ErrnoException(Errno.ENAMETOOLONG);
    }
    int mode = FileMode.SYMBOLIC_LINK | 0777;
    return namespace.make(parent, name, mode, 0, uid, gid, target.clone());
  }

  @Override
  public Attributes link(long inode, long newParent, byte[] newName) throws IOException {
    requireFreeNames();
    return namespace.link(inode, newParent, newName);
  }

  @Override
  public void unlink(long parent, byte[] name) throws IOException {
    requireFreeNames();
    namespace.unlink(parent, name);
  }

  @Override
  public void removeDirectory(long parent, byte[] name) throws IOException {
    requireFreeNames();
    namespace.removeDirectory(parent, name);
  }

  @Override
  public void rename(long parent, byte[] name, long newParent, byte[] newName, int flags)
      throws IOException {
    requireFreeNames();
    renames.rename(parent, name, newParent, newName, flags);
  }

  @Override
  public long open(long inode, boolean forWriting) throws IOException {
    // In use before it is looked at: it must not go in between.
    lifetimes.use(inode);
    try {
      map.read(view -> inodes.require(view, inode).requireRegular());
      return files.add(inode);
    } catch (IOException | RuntimeException e) {
      lifetimes.endUse(inode, 1);
      throw e;
    }
  }

  @Override
  public void release(long handle) throws IOException {
    lifetimes.endUse(files.remove(handle), 1);
  }

  @Override
  public int read(long inode, long offset, ByteBuffer target) throws IOException {
    return content.read(inode, offset, target);
  }

  @Override
  public void write(long inode, long offset, ByteBuffer source) throws IOException {
    content.write(inode, offset, source, PackedParts.NONE);
  }

  @Override
  public void write(long inode, long offset, ByteBuffer source, PackedParts packed)
      throws IOException {
    content.write(inode, offset, source, packed);
  }

  @Override
  public void allocate(long inode, int mode, long offset, long length) throws IOException {
    content.allocate(inode, mode, offset, length);
  }

  @Override
  public long seek(long inode, long offset, boolean hole) throws IOException {
    return content.seek(inode, offset, hole);
  }

  @Override
  public long copyRange(long source, long sourceOffset, long target, long targetOffset, long length)
      throws IOException {
    return rangeCopy.copy(source, sourceOffset, target, targetOffset, length);
  }

  /**
   * As {@link #copyRange}, from a file of one of this volume's frozen roots, which must not be
   * closed during the call; EXDEV for another volume's.
   */
  public long copyRangeFrom(
      FrozenFileSystem frozen,
      long source,
      long sourceOffset,
      long target,
      long targetOffset,
      long length)
      throws IOException {
    return rangeCopy.copyFrozen(frozen.map(), source, sourceOffset, target, targetOffset, length);
  }

  @Override
  public void sync(long inode) throws IOException {
    map.commit();
  }

  @Override
  public void syncAll() throws IOException {
    map.commit();
  }

  @Override
  public long openDirectory(long inode) throws IOException {
    return directories.open(inode);
  }

  @Override
  public List<DirectoryEntry> readDirectory(long handle, long cookie, int limit)
      throws IOException {
    return directories.read(handle, cookie, limit);
  }

  @Override
  public void releaseDirectory(long handle) throws IOException {
    directories.release(handle);
  }

  @Override
  public byte[] getXattr(long inode, byte[] name) throws IOException {
    return xattrs.get(inode, name);
  }

  @Override
  public void setXattr(long inode, byte[] name, byte[] value, int flags) throws IOException {
    xattrs.set(inode, name, value, flags);
  }

  @Override
  public List<byte[]> listXattrs(long inode) throws IOException {
    return xattrs.list(inode);
  }

  @Override
  public void removeXattr(long inode, byte[] name) throws IOException {
    xattrs.remove(inode, name);
  }

  @Override
  public FileSystemStatus status() throws IOException {
    return map.read(view -> inodes.status());
  }

  @Override
  public void remember(long inode) {
    lifetimes.use(inode);
  }

  @Override
  public void forget(long inode, long count) throws IOException {
    lifetimes.endUse(inode, count);
  }

  /** Removes files without a name, commits, and lets go of the map, which stays open. */
  @Override
  public void close() throws IOException {
    try {
      lifetimes.removeAll();
    } finally {
      commitLast();
    }
  }

  /** Within a commit: on a full disk, too, all that is held goes to the map, and waits there. */
  private void commitLast() throws IOException {
    map.setSealHook(inodes::close);
    try {
      map.commit();
    } finally {
      map.setSealHook(editor -> {});
    }
  }
}
