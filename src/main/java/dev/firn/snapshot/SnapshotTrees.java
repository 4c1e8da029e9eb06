package dev.firn.snapshot;

import dev.firn.base.FirnException;
import dev.firn.vfs.DirectoryEntry;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.FrozenFileSystem;
import dev.firn.vfs.KernelCache;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The snapshots' trees that one view has open, each under a lease. A tree stays while an operation
 * or handle uses it or the kernel remembers an inode of it; after that a few stay for speed, and
 * are given up as soon as their snapshot shall go. Safe for concurrent use.
 *
 * <p>When a snapshot goes, the kernel forgets what it remembers below its name, except for what is
 * in use at that moment: files that are open, directories that somebody is in. Later nobody comes
 * by there any more, and it would keep those until its memory runs short. So it is asked again, now
 * and then.
 */
final class SnapshotTrees implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotTrees.class);
  private static final int IDLE_MAX = 16;

  /** How long to wait before the kernel is asked again, at first and at last. */
  private static final long ASK_MILLIS_MIN = 1_000;

  private static final long ASK_MILLIS_MAX = 60_000;

  private static final int ENTRIES_AT_ONCE = 256;
  private static final int NAMES_MAX = 100_000;

  private static final String READER = "users of .snapshots";

  private final SnapshotManager manager;
  private final SnapshotWatcher watcher = snapshot -> releaseIdle(snapshot.number());

  /** By snapshot number. Guarded by this, as is the rest. */
  private final Map<Long, Tree> trees = new HashMap<>();

  /** Those of {@link #trees} that nobody needs, longest idle first. */
  private final LinkedHashMap<Long, Tree> idle = new LinkedHashMap<>();

  private boolean closed;

  /** The kernel that remembers inodes, or null. */
  private volatile KernelCache cache;

  SnapshotTrees(SnapshotManager manager) {
    this.manager = manager;
    manager.addWatcher(watcher);
  }

  void cachedBy(KernelCache newCache) {
    cache = newCache;
  }

  /** One operation's or handle's hold on a tree. */
  final class Use implements Closeable {
    private final Tree tree;
    private boolean released;

    private Use(Tree tree) {
      this.tree = tree;
    }

    FrozenFileSystem files() {
      return tree.files;
    }

    @Override
    public void close() throws IOException {
      Tree leaving;
      synchronized (SnapshotTrees.this) {
        if (released) {
          return;
        }
        released = true;
        tree.uses--;
        leaving = settle(tree);
      }
      closeUnlessNull(leaving);
    }
  }

  /** ESTALE if the snapshot is gone. */
  synchronized Use use(long number) throws IOException {
    Tree tree = tree(number);
    tree.uses++;
    return new Use(tree);
  }

  synchronized void remember(long number) {
    try {
      tree(number).remembered++;
    } catch (IOException e) {
      // The inode answers ESTALE from now on, and its forget finds nothing.
      LOG.debug("Snapshot number {} went before the kernel could remember it", number, e);
    }
  }

  void forget(long number, long count) throws IOException {
    Tree leaving;
    synchronized (this) {
      Tree tree = trees.get(number);
      if (tree == null) {
        return;
      }
      tree.remembered = Math.max(0, tree.remembered - count);
      leaving = settle(tree);
    }
    closeUnlessNull(leaving);
  }

  @Override
  public void close() throws IOException {
    manager.removeWatcher(watcher);
    List<Tree> leaving;
    synchronized (this) {
      closed = true;
      leaving = new ArrayList<>(trees.values());
      trees.clear();
      idle.clear();
    }
    for (Tree tree : leaving) {
      tree.close();
    }
  }

  private Tree tree(long number) throws IOException {
    if (closed) {
      throw new ErrnoException(Errno.EIO, "the volume is closed");
    }
    Tree tree = trees.get(number);
    if (tree == null) {
      SnapshotLease lease;
      try {
        lease = manager.lease(number, READER);
      } catch (FirnException e) {
        throw new ErrnoException(Errno.ESTALE, e.getMessage());
      }
      try {
        tree = new Tree(lease);
        trees.put(number, tree);
      } finally {
        if (tree == null) {
          lease.close();
        }
      }
    }
    idle.remove(number);
    return tree;
  }

  private void releaseIdle(long number) {
    Tree leaving = null;
    synchronized (this) {
      Tree tree = trees.get(number);
      if (tree != null) {
        tree.leaving = true;
        leaving = settle(tree);
      }
    }
    try {
      closeUnlessNull(leaving);
    } catch (IOException e) {
      LOG.warn("Snapshot number {} could not be closed", number, e);
    }
    if (isRemembered(number)) {
      askLater(number, ASK_MILLIS_MIN);
    }
  }

  private synchronized boolean isRemembered(long number) {
    return trees.containsKey(number) && !closed;
  }

  private void askLater(long number, long delayMillis) {
    CompletableFuture.delayedExecutor(delayMillis, TimeUnit.MILLISECONDS)
        .execute(() -> ask(number, delayMillis));
  }

  /** Makes the kernel forget what is below the root of a leaving snapshot and not in use. */
  private void ask(long number, long delayMillis) {
    Use use;
    synchronized (this) {
      Tree tree = trees.get(number);
      if (tree == null || closed) {
        return;
      }
      tree.uses++;
      use = new Use(tree);
    }
    try (use) {
      forgetNames(number, use.files());
    } catch (IOException | RuntimeException e) {
      LOG.warn("Snapshot number {} goes when the kernel's memory runs short", number, e);
    }
    if (isRemembered(number)) {
      askLater(number, Math.min(2 * delayMillis, ASK_MILLIS_MAX));
    }
  }

  private void forgetNames(long number, FrozenFileSystem files) throws IOException {
    KernelCache current = cache;
    if (current == null) {
      return;
    }
    long root = SnapshotView.outerInode(number, FileSystem.ROOT_INODE);
    long handle = files.openDirectory(FileSystem.ROOT_INODE);
    try {
      long cookie = 0;
      for (int asked = 0; asked < NAMES_MAX; ) {
        List<DirectoryEntry> entries = files.readDirectory(handle, cookie, ENTRIES_AT_ONCE);
        if (entries.isEmpty()) {
          break;
        }
        for (DirectoryEntry entry : entries) {
          current.forgetName(root, entry.name());
          cookie = entry.cookie();
        }
        asked += entries.size();
      }
    } finally {
      files.releaseDirectory(handle);
    }
  }

  /** After a change: puts an idle tree where it belongs; answers the one to close, or null. */
  private Tree settle(Tree tree) {
    if (tree.uses > 0 || tree.remembered > 0 || closed) {
      return null;
    }
    long number = tree.lease.snapshot().number();
    idle.put(number, tree);
    if (!tree.leaving && idle.size() <= IDLE_MAX) {
      return null;
    }
    long leaving = tree.leaving ? number : idle.keySet().iterator().next();
    idle.remove(leaving);
    return trees.remove(leaving);
  }

  private static void closeUnlessNull(Tree tree) throws IOException {
    if (tree != null) {
      tree.close();
    }
  }

  private static final class Tree {
    private final SnapshotLease lease;
    private final FrozenFileSystem files;
    private int uses;
    private long remembered;
    private boolean leaving;

    private Tree(SnapshotLease lease) throws IOException {
      this.lease = lease;
      this.files =
          new FrozenFileSystem(
              lease.map(), lease.snapshot().sizeBytes(), lease.snapshot().described(), lease);
    }

    /** Ends the lease, too. */
    private void close() throws IOException {
      files.close();
    }
  }
}
