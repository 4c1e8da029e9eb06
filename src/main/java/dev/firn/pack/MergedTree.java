package dev.firn.pack;

import dev.firn.base.FirnException;
import dev.firn.vfs.FileMode;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The tree that a change makes of its base's: takes the records of an incremental package, and
 * writes those that a full one would have. So much of them is checked that what is written is of
 * these two trees, each inode once; the rest shows when that is indexed. For one thread.
 *
 * <p>Inodes of the base have their ordinals there; those of the change follow, as they come. The
 * base is not copied: memory is that of the names that come, which is limited, and sixteen bytes
 * for each inode.
 */
final class MergedTree {
  private static final int NOT_WRITTEN = -1;

  /** Of the heap, for names that come. */
  private static final int HEAP_PART = 8;

  /** What one takes beside its bytes, at most: a directory of its own is in it. */
  private static final int NAME_OVERHEAD_BYTES = 256;

  /** A name in a directory, and the inode that it leads to. */
  private record Name(byte[] name, int inode) {}

  private final PackageIndex base;
  private final TreeSpool change;
  private final String source;

  /** By ordinals of the change, which count names of the base and new inodes. */
  private int[] inodes = new int[64];

  private final BitSet staying = new BitSet();
  private int ordinals;
  private int baseOrdinals;

  /** Positions of names of the base that go. */
  private final BitSet gone = new BitSet();

  /** By directory, in the order they came. */
  private final Map<Integer, List<Name>> added = new HashMap<>();

  private long addedBytes;

  /** Names of the base come in the order of a walk: so there are no more of them than it has. */
  private final WalkPath path = new WalkPath("a name of the base", this::invalid);

  /** Where the records of new inodes are. */
  private long[] newPlaces = new long[64];

  private int newInodes;

  /** Where the changes of inodes of the base are, 0 of those that have none; null: none has. */
  private long[] changes;

  private long lastChanged = -1;

  /** What the last record says that further ones may follow; null: they may not. */
  private TreeRecord current;

  private boolean xattrs;
  private boolean ended;

  // While it is written.
  private TreeEncoder out;
  private int[] nameCounts;
  private int[] writtenOrdinals;
  private int written;
  private long links;
  private long extents;
  private long dataBytes;

  /**
   * @param change has the records, or will have them when they are added
   */
  MergedTree(PackageIndex base, TreeSpool change, String source) {
    this.base = base;
    this.change = change;
    this.source = source;
  }

  /** Takes the next record, which is at {@code place} in the spool. */
  void add(TreeRecord record, long place) throws IOException {
    if (ended) {
      throw invalid("it goes on behind its end");
    }
    if (record instanceof TreeRecord.Extent || record instanceof TreeRecord.Hole) {
      boolean hole = record instanceof TreeRecord.Hole;
      if (current == null || xattrs || hole && !(current instanceof TreeRecord.Change)) {
        throw invalid("there is content without a file");
      }
    } else if (record instanceof TreeRecord.Xattr) {
      if (current == null) {
        throw invalid("there is an attribute without an inode");
      }
      xattrs = true;
    } else {
      current = null;
      xattrs = false;
      addOther(record, place);
    }
  }

  private void addOther(TreeRecord record, long place) throws IOException {
    if (record instanceof TreeRecord.Base name) {
      if (!added.isEmpty() || changes != null || !name.hasKnownFlags()) {
        throw invalid("a name of the base is out of order");
      }
      add(name);
    } else if (record instanceof TreeRecord.Inode inode) {
      addName(inode.parent(), inode.name(), base.inodes() + newInodes);
      addOrdinal(base.inodes() + newInodes);
      if (newInodes == newPlaces.length) {
        newPlaces = Arrays.copyOf(newPlaces, 2 * newInodes);
      }
      newPlaces[newInodes++] = place;
      current = inode;
    } else if (record instanceof TreeRecord.Link link) {
      addName(link.parent(), link.name(), inode(link.ordinal()));
    } else if (record instanceof TreeRecord.Change changed) {
      add(changed, place);
      current = changed;
    } else if (record instanceof TreeRecord.End) {
      ended = true;
    }
  }

  private void add(TreeRecord.Base record) throws IOException {
    int inode = 0;
    if (ordinals > 0) {
      int directory = path.enter(record.parent());
      path.take(record.name());
      int position = base.find(inodes[directory], record.name());
      if (position < 0) {
        throw another(record.name());
      }
      inode = base.name(position).ordinal();
      if (record.isGone()) {
        gone.set(position);
      }
    } else if (!record.isRoot()) {
      throw invalid("its base does not begin with a root directory");
    }
    TreeRecord.Inode there = base.inode(inode);
    if (!record.isOf(there.mode(), there.sizeBytes(), there.modifySeconds(), there.modifyNanos())) {
      throw another(record.name());
    }
    if (FileMode.isDirectory(there.mode())) {
      path.open(ordinals);
    }
    staying.set(ordinals, record.stays());
    addOrdinal(inode);
    baseOrdinals = ordinals;
  }

  private void addOrdinal(int inode) {
    if (ordinals == inodes.length) {
      inodes = Arrays.copyOf(inodes, 2 * ordinals);
    }
    inodes[ordinals++] = inode;
  }

  /** What an ordinal means, which may be any number. */
  private int inode(long ordinal) {
    if (ordinal < 0
        || ordinal >= ordinals
        || ordinal < baseOrdinals && !staying.get((int) ordinal)) {
      throw invalid("it refers to something that is not there");
    }
    return inodes[(int) ordinal];
  }

  private void addName(long parent, byte[] name, int inode) {
    if (changes != null) {
      throw invalid("names come behind changes");
    }
    addedBytes += NAME_OVERHEAD_BYTES + name.length;
    if (addedBytes > Runtime.getRuntime().maxMemory() / HEAP_PART) {
      throw PackageIndex.tooLarge(source);
    }
    added.computeIfAbsent(inode(parent), any -> new ArrayList<>()).add(new Name(name, inode));
  }

  private void add(TreeRecord.Change record, long place) throws IOException {
    int inode = inode(record.ordinal());
    if (changes == null) {
      changes = new long[base.inodes()];
    }
    if (record.ordinal() >= baseOrdinals
        || record.ordinal() <= lastChanged
        || changes[inode] != 0) {
      throw invalid("its changes are out of order");
    }
    lastChanged = record.ordinal();
    changes[inode] = place;
    int before = base.inode(inode).mode();
    if (((before ^ record.mode()) & FileMode.TYPE_MASK) != 0) {
      throw invalid("a file of the base becomes one of another type");
    }
  }

  /** Writes the records of all of the tree. */
  void write(TreeEncoder target) throws IOException {
    if (!ended) {
      throw invalid("it has no end");
    }
    if (changes == null || changes[0] == 0) {
      throw invalid("it does not say what its root is");
    }
    out = target;
    nameCounts = new int[base.inodes() + newInodes];
    walk((directory, name) -> nameCounts[name.inode]++);
    writtenOrdinals = new int[base.inodes() + newInodes];
    Arrays.fill(writtenOrdinals, NOT_WRITTEN);
    writeInode(0, 0, new byte[0]);
    walk(this::writeName);
    for (int ordinal = 0; ordinal < ordinals; ordinal++) {
      boolean wanted = ordinal >= baseOrdinals || staying.get(ordinal);
      if (wanted && writtenOrdinals[inodes[ordinal]] == NOT_WRITTEN) {
        throw invalid("something stays or comes, but nowhere");
      }
    }
    put(new TreeRecord.End(written, links, extents, dataBytes));
  }

  private TreeRecord.Inode record(int inode) throws IOException {
    return inode < base.inodes()
        ? base.inode(inode)
        : (TreeRecord.Inode) change.record(newPlaces[inode - base.inodes()]);
  }

  /** Is told of names. */
  @FunctionalInterface
  private interface Visitor {
    void name(int directory, Name name) throws IOException;
  }

  /**
   * What is left of a directory's names, in their order: those of the base, and those that came.
   */
  private final class Level {
    final int directory;
    private final int end;
    private final List<Name> more;
    private int position;
    private int index;
    private PackageIndex.Name old;

    Level(int directory) {
      this.directory = directory;
      boolean isOld = directory < base.inodes();
      this.position = isOld ? base.firstName(directory) : 0;
      this.end = isOld ? base.endOfNames(directory) : 0;
      this.more = added.getOrDefault(directory, List.of());
    }

    /** Null behind the last. */
    Name next() throws IOException {
      if (old == null) {
        position = Math.min(end, gone.nextClearBit(position));
        old = position < end ? base.name(position++) : null;
      }
      Name came = index < more.size() ? more.get(index) : null;
      if (old == null || came != null && Arrays.compareUnsigned(came.name, old.name()) < 0) {
        index++;
        return came;
      }
      Name next = new Name(old.name(), old.ordinal());
      old = null;
      return next;
    }
  }

  /** From the root down, each directory before what is in it, and once, by whatever names. */
  private void walk(Visitor visitor) throws IOException {
    BitSet entered = new BitSet();
    Deque<Level> way = new ArrayDeque<>();
    entered.set(0);
    way.push(new Level(0));
    while (!way.isEmpty()) {
      Name next = way.peek().next();
      if (next == null) {
        way.pop();
        continue;
      }
      visitor.name(way.peek().directory, next);
      if (hasNames(next.inode) && !entered.get(next.inode)) {
        entered.set(next.inode);
        way.push(new Level(next.inode));
      }
    }
  }

  private boolean hasNames(int inode) {
    return added.containsKey(inode)
        || inode < base.inodes() && base.firstName(inode) < base.endOfNames(inode);
  }

  private void writeName(int directory, Name name) throws IOException {
    int ordinal = writtenOrdinals[name.inode];
    int parent = writtenOrdinals[directory];
    if (ordinal == NOT_WRITTEN) {
      writeInode(name.inode, parent, name.name);
    } else {
      put(new TreeRecord.Link(parent, ordinal, name.name));
    }
  }

  private void writeInode(int inode, int parent, byte[] name) throws IOException {
    writtenOrdinals[inode] = written++;
    TreeRecord.Inode record = record(inode);
    int count = FileMode.isDirectory(record.mode()) ? 1 : nameCounts[inode];
    if (inode >= base.inodes()) {
      put(record.named(parent, name, count));
      long behind = copyExtents(change.behind(newPlaces[inode - base.inodes()]));
      copyXattrs(behind);
    } else if (changes[inode] == 0) {
      put(record.named(parent, name, count));
      for (int i = 0; i < base.extentCount(inode); i++) {
        put(base.extent(inode, i));
      }
      base.forEachXattr(inode, this::put);
    } else {
      long place = changes[inode];
      TreeRecord.Change now = (TreeRecord.Change) change.record(place);
      put(record.changed(now).named(parent, name, count));
      long behind = mergeExtents(inode, now.sizeBytes(), change.behind(place));
      copyXattrs(behind);
    }
  }

  /** Answers the place behind them. */
  private long copyExtents(long place) throws IOException {
    long next = place;
    while (change.typeAt(next) == PackageLayout.RECORD_EXTENT) {
      put(shifted((TreeRecord.Extent) change.record(next)));
      next = change.behind(next);
    }
    return next;
  }

  /** The change's members of the data come behind those of the base. */
  private TreeRecord.Extent shifted(TreeRecord.Extent extent) {
    int member = extent.member();
    if (member < 0 || member > Integer.MAX_VALUE - base.members()) {
      throw invalid("content is where there is none");
    }
    return new TreeRecord.Extent(
        extent.offset(), extent.length(), base.members() + member, extent.memberOffset());
  }

  private void copyXattrs(long place) throws IOException {
    for (long next = place;
        change.typeAt(next) == PackageLayout.RECORD_XATTR;
        next = change.behind(next)) {
      put(change.record(next));
    }
  }

  /** Writes what is left of a file's old content, and its new one; answers the place behind. */
  private long mergeExtents(int inode, long sizeBytes, long place) throws IOException {
    OldContent old = new OldContent(inode);
    long end = 0;
    long next = place;
    while (true) {
      TreeRecord.Extent extent = null;
      long offset;
      long length;
      int type = change.typeAt(next);
      if (type == PackageLayout.RECORD_EXTENT) {
        extent = (TreeRecord.Extent) change.record(next);
        offset = extent.offset();
        length = extent.length();
      } else if (type == PackageLayout.RECORD_HOLE) {
        TreeRecord.Hole hole = (TreeRecord.Hole) change.record(next);
        offset = hole.offset();
        length = hole.length();
      } else {
        break;
      }
      if (length <= 0 || offset < end || offset > sizeBytes - length) {
        throw invalid("changed content overlaps or exceeds its file");
      }
      old.write(end, offset);
      if (extent != null) {
        put(shifted(extent));
      }
      end = offset + length;
      next = change.behind(next);
    }
    old.write(end, sizeBytes);
    return next;
  }

  /** A file's content in the base, of which ranges are written in ascending order. */
  private final class OldContent {
    private final int inode;
    private final int count;
    private int index;

    OldContent(int inode) throws IOException {
      this.inode = inode;
      this.count = base.extentCount(inode);
    }

    void write(long from, long to) throws IOException {
      while (from < to && index < count) {
        TreeRecord.Extent extent = base.extent(inode, index);
        long start = Math.max(from, extent.offset());
        long end = Math.min(to, extent.offset() + extent.length());
        if (start < end) {
          int skipped = (int) (start - extent.offset());
          put(
              new TreeRecord.Extent(
                  start, (int) (end - start), extent.member(), extent.memberOffset() + skipped));
        }
        if (extent.offset() + extent.length() > to) {
          // The next range may have more of it.
          return;
        }
        index++;
      }
    }
  }

  private void put(TreeRecord record) throws IOException {
    if (record instanceof TreeRecord.Link) {
      links++;
    } else if (record instanceof TreeRecord.Extent extent) {
      extents++;
      dataBytes += extent.length();
    }
    if (!out.fits(record)) {
      out.cut();
    }
    out.write(record);
  }

  private FirnException another(byte[] name) {
    return FirnException.conflict(
        "%s was made from another base than the package before it: '%s' is not the same in both",
        source, name.length == 0 ? "/" : Names.printable(name));
  }

  private FirnException invalid(String reason) {
    return FirnException.corrupt(
        "%s: its tree is not valid: %s; it is damaged or hostile", source, reason);
  }
}
