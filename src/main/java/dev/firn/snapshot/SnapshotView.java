package dev.firn.snapshot;

import dev.firn.vfs.Attributes;
import dev.firn.vfs.DirectoryEntry;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.FileSystemStatus;
import dev.firn.vfs.KernelCache;
import dev.firn.vfs.SetAttributes;
import dev.firn.vfs.UnreadableException;
import dev.firn.vfs.VolumeFileSystem;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A live volume joined with its snapshots: a root directory {@code .snapshots} that has one
 * read-only tree for each. {@code mkdir} there takes a snapshot, {@code rmdir} deletes one.
 *
 * <p>Inode numbers: live ones as they are, below 2^40; {@link #DIRECTORY_INODE} is {@code
 * .snapshots}; inode i of snapshot number s is {@code s << 40 | i}, so no two files that differ
 * look like hard links of each other. Handles: even ones are the live file system's, doubled; odd
 * ones belong to this class.
 *
 * <p>Safe for concurrent use.
 */
public final class SnapshotView implements FileSystem {
  /** The inode of {@code .snapshots}. */
  public static final long DIRECTORY_INODE = 2;

  static final byte[] DIRECTORY_NAME = ".snapshots".getBytes(StandardCharsets.US_ASCII);

  private static final int INODE_BITS = 40;
  private static final long INODE_MASK = (1L << INODE_BITS) - 1;
  private static final byte[] DOT = {'.'};
  static final byte[] DOT_DOT = {'.', '.'};

  private final VolumeFileSystem live;
  private final SnapshotManager manager;
  private final SnapshotDirectory directory;
  private final SnapshotTrees trees;
  private final long volumeNumber;
  private final boolean showSnapshots;
  private final Closeable onClose;

  private final ConcurrentHashMap<Long, Opened> opened = new ConcurrentHashMap<>();
  private final AtomicLong nextHandle = new AtomicLong(1);
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * @param live the volume's file system; closed with this view
   * @param showSnapshots whether a listing of the root names {@code .snapshots}
   * @param onClose runs after the rest of {@link #close}
   */
  public SnapshotView(
      VolumeFileSystem live,
      SnapshotManager manager,
      long volumeNumber,
      String volumeId,
      boolean showSnapshots,
      Closeable onClose) {
    this.live = live;
    this.manager = manager;
    this.directory = new SnapshotDirectory(live, manager, volumeNumber, volumeId);
    this.trees = new SnapshotTrees(manager);
    this.volumeNumber = volumeNumber;
    this.showSnapshots = showSnapshots;
    this.onClose = onClose;
  }

  /** The number by which a snapshot's inode is known in this view. */
  static long outerInode(long snapshotNumber, long inode) {
    return snapshotNumber << INODE_BITS | inode;
  }

  @Override
  public Attributes lookup(long parent, byte[] name) throws IOException {
    if (isDirectoryName(parent, name)) {
      return directory.attributes();
    }
    if (isLive(parent)) {
      return live.lookup(parent, name);
    }
    boolean up = Arrays.equals(name, DOT_DOT);
    if (parent == DIRECTORY_INODE) {
      if (up) {
        return live.getAttributes(ROOT_INODE);
      }
      if (Arrays.equals(name, DOT)) {
        return directory.attributes();
      }
      return rootAttributes(directory.numberOf(name));
    }
    if (up && inner(parent) == ROOT_INODE) {
      return directory.attributes();
    }
    try (SnapshotTrees.Use use = trees.use(number(parent))) {
      return outer(number(parent), use.files().lookup(inner(parent), name));
    }
  }

  @Override
  public Attributes getAttributes(long inode) throws IOException {
    if (isLive(inode)) {
      return live.getAttributes(inode);
    }
    if (inode == DIRECTORY_INODE) {
      return directory.attributes();
    }
    try (SnapshotTrees.Use use = trees.use(number(inode))) {
      return outer(number(inode), use.files().getAttributes(inner(inode)));
    }
  }

  @Override
  public Attributes setAttributes(long inode, SetAttributes changes) throws IOException {
    return writable(inode).setAttributes(inode, changes);
  }

  @Override
  public boolean dropPrivileges(long inode) throws IOException {
    return writable(inode).dropPrivileges(inode);
  }

  @Override
  public byte[] readLink(long inode) throws IOException {
    if (isLive(inode)) {
      return live.readLink(inode);
    }
    refuseDirectory(inode, Errno.EINVAL);
    try (SnapshotTrees.Use use = trees.use(number(inode))) {
      return use.files().readLink(inner(inode));
    }
  }

  @Override
  public Attributes makeNode(long parent, byte[] name, int mode, int device, int uid, int gid)
      throws IOException {
    refuseDirectoryName(parent, name, Errno.EEXIST);
    return writable(parent).makeNode(parent, name, mode, device, uid, gid);
  }

  @Override
  public Attributes makeTemporary(long parent, int mode, int uid, int gid) throws IOException {
    return writable(parent).makeTemporary(parent, mode, uid, gid);
  }

  @Override
  public Attributes makeDirectory(long parent, byte[] name, int mode, int uid, int gid)
      throws IOException {
    refuseDirectoryName(parent, name, Errno.EEXIST);
    if (parent == DIRECTORY_INODE) {
      return rootAttributes(directory.take(name));
    }
    return writable(parent).makeDirectory(parent, name, mode, uid, gid);
  }

  @Override
  public Attributes makeSymbolicLink(long parent, byte[] name, byte[] target, int uid, int gid)
      throws IOException {
    refuseDirectoryName(parent, name, Errno.EEXIST);
    return writable(parent).makeSymbolicLink(parent, name, target, uid, gid);
  }

  @Override
  public Attributes link(long inode, long newParent, byte[] newName) throws IOException {
    refuseDirectoryName(newParent, newName, Errno.EEXIST);
    FileSystem target = writable(newParent);
    if (!isLive(inode)) {
      throw new ErrnoException(Errno.EXDEV);
    }
    return target.link(inode, newParent, newName);
  }

  @Override
  public void unlink(long parent, byte[] name) throws IOException {
    refuseDirectoryName(parent, name, Errno.EPERM);
    writable(parent).unlink(parent, name);
  }

  @Override
  public void removeDirectory(long parent, byte[] name) throws IOException {
    refuseDirectoryName(parent, name, Errno.EBUSY);
    if (parent == DIRECTORY_INODE) {
      directory.delete(name);
      return;
    }
    writable(parent).removeDirectory(parent, name);
  }

  @Override
  public void rename(long parent, byte[] name, long newParent, byte[] newName, int flags)
      throws IOException {
    refuseDirectoryName(parent, name, Errno.EBUSY);
    refuseDirectoryName(newParent, newName, Errno.EBUSY);
    writable(parent);
    writable(newParent).rename(parent, name, newParent, newName, flags);
  }

  @Override
  public long open(long inode, boolean forWriting) throws IOException {
    if (isLive(inode)) {
      return live.open(inode, forWriting) << 1;
    }
    refuseDirectory(inode, Errno.EISDIR);
    if (forWriting) {
      throw new ErrnoException(Errno.EROFS);
    }
    SnapshotTrees.Use use = trees.use(number(inode));
    try {
      return register(new Opened.File(use, use.files().open(inner(inode), false)));
    } catch (IOException | RuntimeException e) {
      use.close();
      throw e;
    }
  }

  @Override
  public void release(long handle) throws IOException {
    if (isLiveHandle(handle)) {
      live.release(handle >> 1);
    } else {
      unregister(handle).close();
    }
  }

  @Override
  public int read(long inode, long offset, ByteBuffer target) throws IOException {
    if (isLive(inode)) {
      try {
        return live.read(inode, offset, target);
      } catch (UnreadableException e) {
        throw e.of("volume '" + manager.records().volumeName(volumeNumber) + "'");
      }
    }
    refuseDirectory(inode, Errno.EISDIR);
    try (SnapshotTrees.Use use = trees.use(number(inode))) {
      return use.files().read(inner(inode), offset, target);
    } catch (UnreadableException e) {
      throw e.as(inode);
    }
  }

  @Override
  public void write(long inode, long offset, ByteBuffer source) throws IOException {
    writable(inode).write(inode, offset, source);
  }

  @Override
  public void allocate(long inode, int mode, long offset, long length) throws IOException {
    writable(inode).allocate(inode, mode, offset, length);
  }

  @Override
  public long seek(long inode, long offset, boolean hole) throws IOException {
    if (isLive(inode)) {
      return live.seek(inode, offset, hole);
    }
    refuseDirectory(inode, Errno.EISDIR);
    try (SnapshotTrees.Use use = trees.use(number(inode))) {
      return use.files().seek(inner(inode), offset, hole);
    }
  }

  /** Out of a snapshot, too; into one it answers EROFS. */
  @Override
  public long copyRange(long source, long sourceOffset, long target, long targetOffset, long length)
      throws IOException {
    writable(target);
    if (isLive(source)) {
      return live.copyRange(source, sourceOffset, target, targetOffset, length);
    }
    refuseDirectory(source, Errno.EISDIR);
    try (SnapshotTrees.Use use = trees.use(number(source))) {
      return live.copyRangeFrom(
          use.files(), inner(source), sourceOffset, target, targetOffset, length);
    }
  }

  @Override
  public void sync(long inode) throws IOException {
    // Snapshots are durable as soon as they can be seen.
    if (isLive(inode)) {
      live.sync(inode);
    }
  }

  @Override
  public void syncAll() throws IOException {
    live.syncAll();
  }

  @Override
  public long openDirectory(long inode) throws IOException {
    if (inode == ROOT_INODE) {
      return register(new Opened.Root(live, live.openDirectory(inode), showSnapshots));
    }
    if (isLive(inode)) {
      return live.openDirectory(inode) << 1;
    }
    if (inode == DIRECTORY_INODE) {
      return register(new Opened.Names(directory));
    }
    SnapshotTrees.Use use = trees.use(number(inode));
    try {
      long handle = use.files().openDirectory(inner(inode));
      return register(new Opened.Tree(use, handle, number(inode), inner(inode) == ROOT_INODE));
    } catch (IOException | RuntimeException e) {
      use.close();
      throw e;
    }
  }

  @Override
  public List<DirectoryEntry> readDirectory(long handle, long cookie, int limit)
      throws IOException {
    if (isLiveHandle(handle)) {
      return live.readDirectory(handle >> 1, cookie, limit);
    }
    Opened found = opened.get(handle);
    if (found == null) {
      throw new ErrnoException(Errno.EBADF);
    }
    return found.list(cookie, limit);
  }

  @Override
  public void releaseDirectory(long handle) throws IOException {
    if (isLiveHandle(handle)) {
      live.releaseDirectory(handle >> 1);
    } else {
      unregister(handle).close();
    }
  }

  @Override
  public byte[] getXattr(long inode, byte[] name) throws IOException {
    if (isLive(inode)) {
      return live.getXattr(inode, name);
    }
    refuseDirectory(inode, Errno.ENODATA);
    try (SnapshotTrees.Use use = trees.use(number(inode))) {
      return use.files().getXattr(inner(inode), name);
    }
  }

  @Override
  public void setXattr(long inode, byte[] name, byte[] value, int flags) throws IOException {
    writable(inode).setXattr(inode, name, value, flags);
  }

  @Override
  public List<byte[]> listXattrs(long inode) throws IOException {
    if (isLive(inode)) {
      return live.listXattrs(inode);
    }
    if (inode == DIRECTORY_INODE) {
      return List.of();
    }
    try (SnapshotTrees.Use use = trees.use(number(inode))) {
      return use.files().listXattrs(inner(inode));
    }
  }

  @Override
  public void removeXattr(long inode, byte[] name) throws IOException {
    writable(inode).removeXattr(inode, name);
  }

  @Override
  public FileSystemStatus status() throws IOException {
    return live.status();
  }

  @Override
  public void remember(long inode) {
    if (isLive(inode)) {
      live.remember(inode);
    } else if (inode != DIRECTORY_INODE) {
      trees.remember(number(inode));
    }
  }

  @Override
  public void forget(long inode, long count) throws IOException {
    if (isLive(inode)) {
      live.forget(inode, count);
    } else if (inode != DIRECTORY_INODE) {
      trees.forget(number(inode), count);
    }
  }

  @Override
  public boolean hasFixedSizes() {
    return live.hasFixedSizes();
  }

  /** Snapshots come and go by other ways, too. */
  @Override
  public boolean changesUnseen(long inode) {
    return inode == DIRECTORY_INODE;
  }

  /**
   * From now on each freeze of this volume waits for what this kernel still has to write, and the
   * kernel is told of snapshots that come and go.
   */
  @Override
  public void cachedBy(KernelCache cache) {
    live.cachedBy(cache);
    directory.cachedBy(cache);
    trees.cachedBy(cache);
    manager.setBarrier(volumeNumber, cache == null ? null : cache::writeBack);
  }

  /**
   * Closes the live file system, after which its content is durable, and ends all leases. Closing
   * twice is no error.
   */
  @Override
  public void close() throws IOException {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    manager.setBarrier(volumeNumber, null);
    directory.close();
    opened.clear();
    // Each of these must happen even if the one before it failed.
    try {
      live.close();
    } finally {
      try {
        trees.close();
      } finally {
        onClose.close();
      }
    }
  }

  private static boolean isLive(long inode) {
    return inode >>> INODE_BITS == 0 && inode != DIRECTORY_INODE;
  }

  private static boolean isLiveHandle(long handle) {
    return (handle & 1) == 0;
  }

  private static long number(long inode) {
    return inode >>> INODE_BITS;
  }

  private static long inner(long inode) {
    return inode & INODE_MASK;
  }

  private static boolean isDirectoryName(long parent, byte[] name) {
    return parent == ROOT_INODE && Arrays.equals(name, DIRECTORY_NAME);
  }

  private static void refuseDirectoryName(long parent, byte[] name, Errno answer)
      throws ErrnoException {
    if (isDirectoryName(parent, name)) {
      throw new ErrnoException(answer);
    }
  }

  private static void refuseDirectory(long inode, Errno answer) throws ErrnoException {
    if (inode == DIRECTORY_INODE) {
      throw new ErrnoException(answer);
    }
  }

  /** The file system to change this inode in; EROFS for all but live ones. */
  private FileSystem writable(long inode) throws ErrnoException {
    if (!isLive(inode)) {
      throw new ErrnoException(Errno.EROFS);
    }
    return live;
  }

  private Attributes rootAttributes(long number) throws IOException {
    try (SnapshotTrees.Use use = trees.use(number)) {
      return outer(number, use.files().getAttributes(ROOT_INODE));
    }
  }

  private static Attributes outer(long number, Attributes of) {
    return new Attributes(
        outerInode(number, of.inode()),
        of.mode(),
        of.uid(),
        of.gid(),
        of.linkCount(),
        of.sizeBytes(),
        of.allocatedBytes(),
        of.device(),
        of.generation(),
        of.accessSeconds(),
        of.accessNanos(),
        of.modifySeconds(),
        of.modifyNanos(),
        of.changeSeconds(),
        of.changeNanos());
  }

  private long register(Opened what) {
    long handle = nextHandle.getAndAdd(2);
    opened.put(handle, what);
    return handle;
  }

  private Opened unregister(long handle) throws ErrnoException {
    Opened found = opened.remove(handle);
    if (found == null) {
      throw new ErrnoException(Errno.EBADF);
    }
    return found;
  }
}
