package dev.firn.vfs;

import dev.firn.map.MapEditor;
import dev.firn.map.MapView;
import dev.firn.map.VolumeMap;
import dev.firn.store.NoSpaceException;
import dev.firn.store.StoreFailedException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A live volume's inodes. Those that changed since the map was last sealed are held here, with the
 * bytes of small writes; all others are read from the map, so that memory is bounded however many
 * files there are. Changes happen in {@link #edit}, under the map's exclusive lock; {@link #find}
 * and {@link #require} need at least the shared one.
 */
final class Inodes {
  private static final Logger LOG = LoggerFactory.getLogger(Inodes.class);
  private static final int DIRTY_INODES_MAX = 8192;
  private static final int BUFFERS_MAX = 256;

  /** A saved run shorter than this stays open, so that short appends and syncs do not shred it. */
  private static final int KEPT_BUFFER_BYTES_MAX = 4096;

  private final VolumeMap map;
  private final DataPutter putter;
  private final VolumeCounters counters;
  private final Map<Long, Inode> held = new HashMap<>();

  /** Read by the running edit; forgotten behind it unless they changed. */
  private final List<Inode> loaded = new ArrayList<>();

  private final List<Inode> dirty = new ArrayList<>();

  /** Clean ones that still have their buffer, until the next seal. */
  private final List<Inode> buffered = new ArrayList<>();

  private int bufferCount;
  private long sizeBytes;
  private boolean closed;

  /** Whether more is held than should be. */
  private volatile boolean crowded;

  Inodes(VolumeMap map, VolumeCounters counters, long sizeBytes) {
    this.map = map;
    this.putter = new DataPutter(map);
    this.counters = counters;
    this.sizeBytes = sizeBytes;
  }

  VolumeMap map() {
    return map;
  }

  DataPutter putter() {
    return putter;
  }

  /**
   * Runs a change under the exclusive lock. It must check everything before it changes anything,
   * and may be run again when it answers ENOSPC. Not to be called with the lock held.
   */
  <T> T edit(VolumeMap.EditAction<T> action) throws IOException {
    if (crowded) {
      write(
          editor -> {
            closeBuffers(editor);
            seal(editor);
            return null;
          });
    }
    T result;
    try {
      result = attempt(action);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ENOSPC) {
        throw e;
      }
      // Buffered bytes count as new ones until they are in the map, which they need not be.
      saveBuffers();
      result = attempt(action);
    }
    try {
      map.relieve();
    } catch (NoSpaceException e) {
      // What was done is done, and waits for space. Who writes more is told before it is done.
      LOG.debug("What waits to be written stays in memory", e);
    }
    return result;
  }

  private <T> T attempt(VolumeMap.EditAction<T> action) throws IOException {
    return write(
        editor -> {
          if (closed) {
            throw new IOException("the volume's file system is closed");
          }
          try {
            return action.run(editor);
          } finally {
            forgetUnchanged();
            crowded = dirty.size() >= DIRTY_INODES_MAX || bufferCount >= BUFFERS_MAX;
          }
        });
  }

  private <T> T write(VolumeMap.EditAction<T> action) throws IOException {
    try {
      return map.write(action);
    } catch (StoreFailedException e) {
      throw readOnly(e);
    }
  }

  /** Once writing has failed, a volume is as one that is mounted read-only; a sync answers EIO. */
  static ErrnoException readOnly(StoreFailedException cause) {
    ErrnoException answer = new ErrnoException(Errno.EROFS, cause.getMessage());
    answer.initCause(cause);
    return answer;
  }

  private void forgetUnchanged() {
    for (Inode inode : loaded) {
      if (!inode.dirty) {
        held.remove(inode.number);
      }
    }
    loaded.clear();
  }

  /** The inode, to be read only, or null. */
  Inode find(MapView view, long number) throws IOException {
    Inode inode = held.get(number);
    return inode != null ? inode : Tree.inode(view, number);
  }

  /** The inode, to be read only; ENOENT if there is none. */
  Inode require(MapView view, long number) throws IOException {
    Inode inode = find(view, number);
    if (inode == null) {
      throw new ErrnoException(Errno.ENOENT);
    }
    return inode;
  }

  /** The inode, to be changed in the running edit and then announced by {@link #changed}. */
  Inode load(MapEditor editor, long number) throws IOException {
    Inode inode = held.get(number);
    if (inode == null) {
      inode = require(editor, number);
      held.put(number, inode);
      loaded.add(inode);
    }
    return inode;
  }

  /** A new inode that the volume does not have until {@link #add}. */
  Inode prepare(int mode) {
    Inode inode = new Inode(counters.nextInode);
    inode.mode = mode;
    inode.linkCount = 1;
    return inode;
  }

  void add(Inode inode) {
    counters.nextInode = Math.max(counters.nextInode, inode.number + 1);
    counters.inodeCount++;
    counters.changed();
    held.put(inode.number, inode);
    changed(inode);
  }

  void changed(Inode inode) {
    recharge(inode);
    if (!inode.dirty) {
      inode.dirty = true;
      dirty.add(inode);
    }
  }

  /** Takes an inode, of which the map has no other keys any more, out of the volume. */
  void remove(MapEditor editor, Inode inode) throws IOException {
    dropBuffer(inode);
    inode.removed = true;
    editor.delete(Keys.inode(inode.number));
    held.remove(inode.number);
    map.released(inode.chargedBytes);
    counters.usedBytes -= inode.chargedBytes;
    counters.inodeCount--;
    counters.changed();
  }

  private void recharge(Inode inode) {
    long charge = inode.charge();
    if (charge != inode.chargedBytes) {
      map.released(Math.max(0, inode.chargedBytes - charge));
      counters.usedBytes += charge - inode.chargedBytes;
      inode.chargedBytes = charge;
      counters.changed();
    }
  }

  /** Whether this is a {@link Disk}. */
  boolean isDisk() {
    return counters.isDisk;
  }

  /** To be called in a running edit that has made it one. */
  void becomeDisk() {
    counters.isDisk = true;
    counters.changed();
  }

  long count() {
    return counters.inodeCount;
  }

  /** A disk's only file cannot grow, so there is always room for it. */
  boolean fits(long growthBytes) {
    return growthBytes <= 0 || counters.isDisk || counters.usedBytes <= sizeBytes - growthBytes;
  }

  /** Throws ENOSPC unless the volume has room for so much more. */
  void requireSpace(long growthBytes) throws ErrnoException {
    if (!fits(growthBytes)) {
      throw new ErrnoException(Errno.ENOSPC);
    }
  }

  /** Throws ENOSPC unless the disk has room for so much more. Not to be called with the lock. */
  void requireDiskSpace(long bytes) throws IOException {
    try {
      map.requireSpace(bytes);
    } catch (NoSpaceException e) {
      throw new ErrnoException(Errno.ENOSPC, e.getMessage());
    }
  }

  /** Opens a buffer in place of the one there is. */
  WriteBuffer openBuffer(MapEditor editor, Inode inode, long offset) throws IOException {
    closeBuffer(editor, inode);
    inode.buffer = new WriteBuffer(offset);
    bufferCount++;
    return inode.buffer;
  }

  /** Puts buffered bytes into the map and lets go of the buffer. */
  void closeBuffer(MapEditor editor, Inode inode) throws IOException {
    WriteBuffer buffer = inode.buffer;
    if (buffer == null) {
      return;
    }
    if (buffer.isDirty()) {
      save(editor, inode, buffer.takeBytes());
    }
    dropBuffer(inode);
  }

  /** Forgets buffered bytes. */
  void dropBuffer(Inode inode) {
    if (inode.buffer != null) {
      inode.buffer = null;
      bufferCount--;
      recharge(inode);
    }
  }

  /** Puts all buffered bytes into the map; afterwards the used bytes are exact. */
  void saveBuffers() throws IOException {
    write(
        editor -> {
          closeBuffers(editor);
          return null;
        });
  }

  private void closeBuffers(MapEditor editor) throws IOException {
    for (Inode inode : dirty) {
      closeBuffer(editor, inode);
    }
  }

  private void save(MapEditor editor, Inode inode, byte[] bytes) throws IOException {
    WriteBuffer buffer = inode.buffer;
    long grown = putter.put(editor, inode.number, buffer.start(), bytes, buffer.length(), null);
    inode.allocatedBytes += grown;
    map.released(Math.max(0, buffer.length() - grown));
    buffer.markSaved();
    recharge(inode);
  }

  /** Puts all that changed into the map. */
  void seal(MapEditor editor) throws IOException {
    for (Inode inode : buffered) {
      if (!inode.dirty) {
        dropBuffer(inode);
        held.remove(inode.number);
      }
    }
    buffered.clear();
    // In the order of keys: neighbours share nodes.
    dirty.sort(Comparator.comparingLong(inode -> inode.number));
    for (Inode inode : dirty) {
      if (!inode.removed) {
        seal(editor, inode);
      }
    }
    dirty.clear();
    crowded = false;
    counters.save(editor);
  }

  private void seal(MapEditor editor, Inode inode) throws IOException {
    WriteBuffer buffer = inode.buffer;
    if (buffer != null && buffer.length() < KEPT_BUFFER_BYTES_MAX) {
      if (buffer.isDirty()) {
        save(editor, inode, buffer.copy());
      }
      buffered.add(inode);
    } else {
      closeBuffer(editor, inode);
      held.remove(inode.number);
    }
    editor.put(Keys.inode(inode.number), InodeCodec.encode(inode));
    inode.dirty = false;
  }

  FileSystemStatus status() {
    return counters.status(sizeBytes);
  }

  long usedBytes() {
    return counters.usedBytes;
  }

  void setSizeBytes(long sizeBytes) {
    this.sizeBytes = sizeBytes;
  }

  /** Puts all that changed into the map and refuses changes from then on. */
  void close(MapEditor editor) throws IOException {
    seal(editor);
    closed = true;
  }
}
