package dev.firn.vfs;

import dev.firn.map.MapCursor;
import dev.firn.map.MapEditor;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps inodes without a name as long as somebody uses them, and removes them afterwards: in
 * bounded steps, so that a big file's end does not hold up others. Whatever a crash leaves has an
 * ORPHAN key and goes when the volume is opened again; one that cannot be read keeps it, and is in
 * nobody's way. Safe for concurrent use.
 */
final class Lifetimes {
  private static final Logger LOG = LoggerFactory.getLogger(Lifetimes.class);
  private static final int STEP_KEYS = 4096;

  private final Inodes inodes;

  /** Open handles and what the kernel remembers, by inode. */
  private final LongCounts uses = new LongCounts();

  private final Set<Long> orphans = ConcurrentHashMap.newKeySet();

  /** Those orphans that were made without a name and may still get one. */
  private final Set<Long> temporaries = ConcurrentHashMap.newKeySet();

  Lifetimes(Inodes inodes) {
    this.inodes = inodes;
  }

  void use(long inode) {
    uses.add(inode, 1);
  }

  void endUse(long inode, long count) throws IOException {
    if (uses.add(inode, -count) == 0) {
      removeIfUnused(inode);
    }
  }

  /**
   * Takes one name (a directory's only one) from an inode, in a running edit. {@link
   * #removeIfUnused} must follow it.
   */
  void unlinked(MapEditor editor, Inode inode, Instant now) throws IOException {
    inode.linkCount = inode.isDirectory() ? 0 : inode.linkCount - 1;
    inode.setChangeTime(now);
    inodes.changed(inode);
    if (inode.linkCount > 0) {
      return;
    }
    // An orphan before the uses are counted: whoever ends the last use behind that finds it here.
    orphans.add(inode.number);
    if (uses.count(inode.number) > 0 || !removeStep(editor, inode)) {
      putOrphan(editor, inode);
    }
  }

  private static void putOrphan(MapEditor editor, Inode inode) throws IOException {
    // Not an empty value: nothing should depend on whether a map can keep one.
    editor.put(Keys.orphan(inode.number), new byte[] {1});
  }

  /** Counts the first use of a new inode without a name, in the running edit that made it. */
  void madeTemporary(MapEditor editor, Inode inode) throws IOException {
    use(inode.number);
    orphans.add(inode.number);
    temporaries.add(inode.number);
    putOrphan(editor, inode);
  }

  /** Whether an inode without a name may get one. Only within an edit, which keeps it so. */
  boolean isLinkable(long number) {
    return temporaries.contains(number) && uses.count(number) > 0;
  }

  /** What {@link #isLinkable} gets a name, in the same edit. */
  void linked(MapEditor editor, Inode inode) throws IOException {
    temporaries.remove(inode.number);
    orphans.remove(inode.number);
    editor.delete(Keys.orphan(inode.number));
  }

  /** Removes an inode if it has neither name nor users. */
  void removeIfUnused(long number) throws IOException {
    boolean more = true;
    while (more && orphans.contains(number)) {
      more =
          inodes.edit(
              editor -> {
                if (!orphans.contains(number) || uses.count(number) > 0) {
                  return false;
                }
                return !removeStep(editor, inodes.load(editor, number));
              });
    }
  }

  /**
   * Removes all orphans, whoever uses them: before a volume's first and after its last use. Those
   * of which the disk does not have everything stay, and are told to the log.
   */
  void removeAll() throws IOException {
    inodes
        .map()
        .read(
            view -> {
              MapCursor cursor = view.cursor(Keys.first(0, Keys.ORPHAN));
              while (cursor.next() && Keys.is(cursor.key(), 0, Keys.ORPHAN)) {
                orphans.add(Keys.numberOf(cursor.key()));
              }
              return null;
            });
    for (long number : orphans) {
      try {
        boolean done = false;
        while (!done) {
          done = inodes.edit(editor -> removeStep(editor, inodes.load(editor, number)));
        }
      } catch (IOException e) {
        if (inodes.map().failure() != null) {
          throw e;
        }
        LOG.warn(
            "volume {}: inode {}, which has no name, cannot be removed and stays: {}",
            inodes.map().number(),
            number,
            e.getMessage());
      }
    }
  }

  /** Removes some of an orphan's keys; says whether it is gone. */
  private boolean removeStep(MapEditor editor, Inode inode) throws IOException {
    temporaries.remove(inode.number);
    List<byte[]> keys = new ArrayList<>();
    MapCursor cursor = editor.cursor(Keys.first(inode.number, Keys.XATTR));
    while (keys.size() < STEP_KEYS && cursor.next()) {
      if (Keys.inodeOf(cursor.key()) != inode.number) {
        break;
      }
      keys.add(cursor.key());
    }
    for (byte[] key : keys) {
      editor.delete(key);
    }
    if (keys.size() == STEP_KEYS) {
      return false;
    }
    inodes.remove(editor, inode);
    editor.delete(Keys.orphan(inode.number));
    orphans.remove(inode.number);
    return true;
  }
}
