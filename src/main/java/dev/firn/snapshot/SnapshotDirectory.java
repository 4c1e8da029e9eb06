package dev.firn.snapshot;

import dev.firn.base.FirnException;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.DirectoryEntry;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.KernelCache;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The directory {@code .snapshots} of one volume: names, and taking and deleting by name. Keeps a
 * kernel that caches names from holding on to what others did. Safe for concurrent use.
 */
final class SnapshotDirectory implements SnapshotWatcher, Closeable {
  private static final int MODE = FileMode.DIRECTORY | 0755;

  /** As btrfs does it: 1 tells programs not to conclude the number of directories from it. */
  private static final int LINK_COUNT = 1;

  private static final int NAMES_KEPT_MAX = 4096;

  private static final long DOT_COOKIE = 1;
  private static final long DOT_DOT_COOKIE = 2;

  private final FileSystem live;
  private final SnapshotManager manager;
  private final long volumeNumber;
  private final String volumeId;

  /** What was looked up since the last change; replaced as a whole. */
  private volatile Names names = new Names(-1, Instant.now());

  /** The kernel that holds names of this directory, or null. */
  private volatile KernelCache cache;

  /** What the kernel itself is making: it knows, and must not lose a name it has just got. */
  private final Set<String> beingTaken = ConcurrentHashMap.newKeySet();

  SnapshotDirectory(FileSystem live, SnapshotManager manager, long volumeNumber, String volumeId) {
    this.live = live;
    this.manager = manager;
    this.volumeNumber = volumeNumber;
    this.volumeId = volumeId;
    manager.addWatcher(this);
  }

  void cachedBy(KernelCache newCache) {
    cache = newCache;
  }

  @Override
  public void appeared(Snapshot snapshot) {
    // The kernel may remember that there is nothing by this name.
    if (!beingTaken.contains(snapshot.nameOrId())) {
      forgetName(snapshot);
    }
  }

  /** Lets go of all the kernel remembers of the snapshot, which would hold it back. */
  @Override
  public void leaving(Snapshot snapshot) {
    forgetName(snapshot);
  }

  private void forgetName(Snapshot snapshot) {
    KernelCache current = cache;
    if (current != null && snapshot.volumeId().equals(volumeId)) {
      current.forgetName(
          SnapshotView.DIRECTORY_INODE, snapshot.nameOrId().getBytes(StandardCharsets.UTF_8));
    }
  }

  @Override
  public void close() {
    manager.removeWatcher(this);
    cache = null;
  }

  /** It belongs to whoever owns the volume's root, so that an owner may take snapshots. */
  Attributes attributes() throws IOException {
    Attributes root = live.getAttributes(FileSystem.ROOT_INODE);
    Instant changed = names().since;
    return new Attributes(
        SnapshotView.DIRECTORY_INODE,
        MODE,
        root.uid(),
        root.gid(),
        LINK_COUNT,
        0,
        0,
        0,
        root.generation(),
        changed.getEpochSecond(),
        changed.getNano(),
        changed.getEpochSecond(),
        changed.getNano(),
        changed.getEpochSecond(),
        changed.getNano());
  }

  /** The number of the completed snapshot with this name; ENOENT if there is none. */
  long numberOf(byte[] nameBytes) throws ErrnoException {
    String name = decode(nameBytes, Errno.ENOENT);
    Names known = names();
    Long number = known.numbers.get(name);
    if (number == null) {
      Snapshot snapshot = manager.records().findCompleted(volumeId, name);
      if (snapshot == null) {
        throw new ErrnoException(Errno.ENOENT);
      }
      number = snapshot.number();
      known.keep(name, number);
    }
    return number;
  }

  /** Takes a snapshot; when this returns it is durable. Answers its number. */
  long take(byte[] nameBytes) throws IOException {
    String name = decode(nameBytes, Errno.EINVAL);
    boolean first = beingTaken.add(name);
    try {
      return manager.create(new SnapshotRequest(volumeNumber, name, "", Map.of(), null)).number();
    } catch (FirnException e) {
      throw new ErrnoException(
          switch (e.kind()) {
            case USAGE -> Errno.EINVAL;
            case CONFLICT -> Errno.EEXIST;
            case NOT_FOUND -> Errno.ENOENT;
            case NO_SPACE -> Errno.ENOSPC;
            default -> Errno.EIO;
          },
          e.getMessage());
    } finally {
      if (first) {
        beingTaken.remove(name);
      }
    }
  }

  /** Deletes a snapshot; it leaves the listing at once, whoever may still read it. */
  void delete(byte[] nameBytes) throws IOException {
    Snapshot snapshot = manager.records().findCompleted(volumeId, decode(nameBytes, Errno.ENOENT));
    if (snapshot == null) {
      throw new ErrnoException(Errno.ENOENT);
    }
    manager.delete(List.of(snapshot));
  }

  /** Up to which number a listing goes that begins now: who comes later is not in it. */
  long newestNumber() {
    return manager.records().newestNumber(volumeId);
  }

  /**
   * A part of a listing, in the order of the snapshots' numbers, which are what its cookies count.
   * It takes as long as its entries, however many others there are.
   */
  List<DirectoryEntry> list(long cookie, long upTo, int limit) {
    List<DirectoryEntry> entries = new ArrayList<>();
    if (cookie < DOT_COOKIE && limit > 0) {
      entries.add(entry(".", SnapshotView.DIRECTORY_INODE, DOT_COOKIE));
    }
    if (cookie < DOT_DOT_COOKIE && entries.size() < limit) {
      entries.add(entry("..", FileSystem.ROOT_INODE, DOT_DOT_COOKIE));
    }
    if (entries.size() < limit) {
      long after = Math.max(0, cookie - DOT_DOT_COOKIE);
      int more = limit - entries.size();
      // Before the rows are read, so that they are of this state or a later one, which ends it.
      Names known = names();
      for (Snapshot snapshot : manager.records().completed(volumeId, after, upTo, more)) {
        // A kernel that wants attributes, too, looks each of them up next.
        known.keep(snapshot.nameOrId(), snapshot.number());
        long inode = SnapshotView.outerInode(snapshot.number(), FileSystem.ROOT_INODE);
        entries.add(entry(snapshot.nameOrId(), inode, DOT_DOT_COOKIE + snapshot.number()));
      }
    }
    return entries;
  }

  private static DirectoryEntry entry(String name, long inode, long cookie) {
    return new DirectoryEntry(
        name.getBytes(StandardCharsets.UTF_8), inode, FileMode.DIRECTORY, cookie);
  }

  private static String decode(byte[] name, Errno answer) throws ErrnoException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(name)).toString();
    } catch (CharacterCodingException e) {
      throw new ErrnoException(answer);
    }
  }

  private Names names() {
    Names known = names;
    long changes = manager.changes();
    if (known.changes != changes) {
      known = new Names(changes, known.changes < 0 ? known.since : Instant.now());
      names = known;
    }
    return known;
  }

  /** Names with their snapshots' numbers, right as long as {@code changes} is. */
  private static final class Names {
    private final long changes;
    private final Instant since;
    private final Map<String, Long> numbers = new ConcurrentHashMap<>();

    private Names(long changes, Instant since) {
      this.changes = changes;
      this.since = since;
    }

    private void keep(String name, long number) {
      if (numbers.size() < NAMES_KEPT_MAX) {
        numbers.put(name, number);
      }
    }
  }
}
