package dev.firn.pack;

import dev.firn.base.Bytes;
import dev.firn.base.FirnException;
import dev.firn.vfs.FileMode;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;

/**
 * Where in a full package's tree everything is: the records, decompressed and verified, in a
 * temporary file, and arrays with 24 bytes for each name. Immutable once it is built; safe for
 * concurrent use.
 *
 * <p>Inodes are their ordinals. The names of a directory are a range of positions, in ascending
 * order of their bytes.
 */
final class PackageIndex implements Closeable {
  /** What a name takes while there become more: its 24 bytes, twice. */
  private static final int GROWING_BYTES = 48;

  /** Of the heap, which is for more than one package. */
  private static final int HEAP_PART = 4;

  /** More is to be imported rather than browsed. */
  private static final int NAMES_MAX =
      (int) Math.min(50_000_000, Runtime.getRuntime().maxMemory() / HEAP_PART / GROWING_BYTES);

  private static final long TREE_BYTES_MAX = 8L << 30;

  /** Of those files with more, how many extents they have is kept. */
  private static final int FEW_EXTENTS = 16;

  private static final int HEADER_BYTES = PackageLayout.RECORD_HEADER_BYTES;
  private static final int RECORD_BYTES_MAX = 64 << 10;
  private static final int EXTENT_BYTES = HEADER_BYTES + 20;
  private static final int NANOS_MAX = 999_999_999;
  private static final int MODE_MAX = FileMode.TYPE_MASK | FileMode.PERMISSION_MASK;

  private static final class OpenDirectory {
    final int ordinal;
    byte[] lastName = new byte[0];

    OpenDirectory(int ordinal) {
      this.ordinal = ordinal;
    }
  }

  private final String source;
  private final List<Manifest.Member> data;
  private final Spool records;

  private long[] places = new long[1024];
  private int inodes;
  private long[] namePlaces = new long[1024];
  private int[] nameParents = new int[1024];
  private int names;

  /** For each inode the position behind those of its names; built at the end. */
  private int[] nameEnds;

  private int[] subdirectories = new int[1024];
  private final Map<Integer, Integer> extentCounts = new HashMap<>();

  // While it is built.
  private final Deque<OpenDirectory> path = new ArrayDeque<>();
  private BitSet directories = new BitSet();
  private TreeRecord.Inode current;
  private int extents;
  private boolean xattrs;
  private long contentEnd;
  private boolean ended;

  /** Reads and verifies the members of the tree, the next ones in the reader. */
  PackageIndex(Manifest manifest, FrameReader.Source members, Path spoolDirectory, String source)
      throws IOException {
    this.source = source;
    this.data = manifest.data();
    List<Manifest.Member> tree = manifest.tree();
    if (tree.stream().mapToLong(Manifest.Member::rawBytes).sum() > TREE_BYTES_MAX) {
      throw tooLarge();
    }
    records = new Spool(spoolDirectory);
    ExecutorService workers = Workers.start("firn-unpack");
    boolean built = false;
    try {
      FrameReader frames = new FrameReader(tree, members, workers, source);
      for (OpenedMember each = frames.next(); each != null; each = frames.next()) {
        add(each.raw(), records.append(each.raw(), each.raw().length));
        frames.recycle(each);
      }
      if (!ended) {
        throw invalid("it has no end");
      }
      arrange();
      built = true;
    } finally {
      workers.shutdown();
      if (!built) {
        records.close();
      }
    }
  }

  int inodes() {
    return inodes;
  }

  /** An inode's record. */
  TreeRecord.Inode inode(int ordinal) throws IOException {
    return (TreeRecord.Inode) record(places[ordinal]);
  }

  int subdirectories(int ordinal) {
    return subdirectories[ordinal];
  }

  int firstName(int directory) {
    return directory == 0 ? 0 : nameEnds[directory - 1];
  }

  /** Behind the last. */
  int endOfNames(int directory) {
    return nameEnds[directory];
  }

  /** A name, and the inode it leads to. */
  record Name(byte[] name, int ordinal) {}

  Name name(int position) throws IOException {
    long place = namePlaces[position];
    TreeRecord record = record(place);
    if (record instanceof TreeRecord.Link link) {
      return new Name(link.name(), (int) link.ordinal());
    }
    return new Name(
        ((TreeRecord.Inode) record).name(), Arrays.binarySearch(places, 0, inodes, place));
  }

  /** The position of a name in a directory, or -1. */
  int find(int directory, byte[] name) throws IOException {
    int low = firstName(directory);
    int high = endOfNames(directory) - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = Arrays.compareUnsigned(name(middle).name(), name);
      if (order == 0) {
        return middle;
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -1;
  }

  int extentCount(int ordinal) throws IOException {
    Integer many = extentCounts.get(ordinal);
    if (many != null) {
      return many;
    }
    int count = 0;
    long place = behind(places[ordinal]);
    while (typeAt(place) == PackageLayout.RECORD_EXTENT) {
      count++;
      place += EXTENT_BYTES;
    }
    return count;
  }

  TreeRecord.Extent extent(int ordinal, int index) throws IOException {
    return (TreeRecord.Extent) record(behind(places[ordinal]) + (long) index * EXTENT_BYTES);
  }

  /** The extended attributes of an inode, in order. */
  List<TreeRecord.Xattr> xattrs(int ordinal) throws IOException {
    List<TreeRecord.Xattr> all = new ArrayList<>();
    long place = behind(places[ordinal]) + (long) extentCount(ordinal) * EXTENT_BYTES;
    while (typeAt(place) == PackageLayout.RECORD_XATTR) {
      all.add((TreeRecord.Xattr) record(place));
      place = behind(place);
    }
    return all;
  }

  @Override
  public void close() throws IOException {
    records.close();
  }

  private byte typeAt(long place) throws IOException {
    return records.read(place, 1)[0];
  }

  private long behind(long place) throws IOException {
    return place + HEADER_BYTES + Bytes.getInt(records.read(place, HEADER_BYTES), 1);
  }

  private TreeRecord record(long place) throws IOException {
    byte[] header = records.read(place, HEADER_BYTES);
    int length = Bytes.getInt(header, 1);
    return TreeRecord.parse(header[0], records.read(place + HEADER_BYTES, length), 0, length);
  }

  private void add(byte[] raw, long start) {
    for (int at = 0; at < raw.length; ) {
      if (raw.length - at < HEADER_BYTES) {
        throw invalid("a record is cut short");
      }
      long length = Integer.toUnsignedLong(Bytes.getInt(raw, at + 1));
      if (length > raw.length - at - HEADER_BYTES || length > 2 * RECORD_BYTES_MAX) {
        throw invalid("a record is longer than its member");
      }
      try {
        add(TreeRecord.parse(raw[at] & 0xff, raw, at + HEADER_BYTES, (int) length), start + at);
      } catch (IllegalArgumentException e) {
        throw invalid(e.getMessage());
      }
      at += HEADER_BYTES + (int) length;
    }
  }

  private void add(TreeRecord record, long place) {
    if (ended) {
      throw invalid("it goes on behind its end");
    }
    if (record instanceof TreeRecord.Inode inode) {
      finishCurrent();
      addInode(inode, place);
    } else if (record instanceof TreeRecord.Link link) {
      finishCurrent();
      if (link.ordinal() < 0 || link.ordinal() >= inodes) {
        throw invalid("there is a link to nothing");
      }
      if (directories.get((int) link.ordinal())) {
        throw invalid("a directory has a second name");
      }
      addName(link.parent(), link.name(), place);
    } else if (record instanceof TreeRecord.Extent extent) {
      addExtent(extent);
    } else if (record instanceof TreeRecord.Xattr xattr) {
      if (current == null || xattr.name().length == 0) {
        throw invalid("there is an attribute without an inode");
      }
      xattrs = true;
    } else if (record instanceof TreeRecord.End) {
      finishCurrent();
      ended = true;
    } else {
      throw invalid("it has records of an incremental package");
    }
  }

  private void addInode(TreeRecord.Inode inode, long place) {
    check(inode);
    if (inodes == 0) {
      if (inode.parent() != 0 || inode.name().length != 0 || !FileMode.isDirectory(inode.mode())) {
        throw invalid("it does not begin with a root directory");
      }
    } else {
      addName(inode.parent(), inode.name(), place);
    }
    if (inodes == places.length) {
      places = Arrays.copyOf(places, 2 * inodes);
      subdirectories = Arrays.copyOf(subdirectories, 2 * inodes);
    }
    if (FileMode.isDirectory(inode.mode())) {
      if (inodes > 0) {
        subdirectories[path.peek().ordinal]++;
      }
      path.push(new OpenDirectory(inodes));
      directories.set(inodes);
    }
    places[inodes++] = place;
    current = inode;
    extents = 0;
    xattrs = false;
    contentEnd = 0;
  }

  private void addName(long parent, byte[] name, long place) {
    while (!path.isEmpty() && path.peek().ordinal != parent) {
      path.pop();
    }
    OpenDirectory directory = path.peek();
    if (directory == null) {
      throw invalid("a name is in no open directory");
    }
    TreeBuilder.checkName(name, source, () -> Names.printable(name));
    if (Arrays.compareUnsigned(name, directory.lastName) <= 0) {
      throw invalid("a name is there twice or out of order");
    }
    directory.lastName = name;
    if (names == NAMES_MAX) {
      throw tooLarge();
    }
    if (names == namePlaces.length) {
      namePlaces = Arrays.copyOf(namePlaces, 2 * names);
      nameParents = Arrays.copyOf(nameParents, 2 * names);
    }
    namePlaces[names] = place;
    nameParents[names++] = directory.ordinal;
  }

  private void addExtent(TreeRecord.Extent extent) {
    int member = extent.member();
    if (current == null || xattrs || !FileMode.isRegular(current.mode())) {
      throw invalid("there is content without a file");
    }
    if (extent.length() <= 0
        || extent.offset() < contentEnd
        || extent.offset() > current.sizeBytes() - extent.length()
        || member < 0
        || member >= data.size()
        || extent.memberOffset() < 0
        || extent.memberOffset() > data.get(member).rawBytes() - extent.length()) {
      throw invalid("content is where there is none");
    }
    contentEnd = extent.offset() + extent.length();
    extents++;
  }

  private void finishCurrent() {
    if (current != null && extents > FEW_EXTENTS) {
      extentCounts.put(inodes - 1, extents);
    }
    current = null;
  }

  private void check(TreeRecord.Inode inode) {
    boolean link = FileMode.isSymbolicLink(inode.mode());
    boolean known =
        switch (inode.mode() & FileMode.TYPE_MASK) {
          case FileMode.DIRECTORY,
              FileMode.REGULAR,
              FileMode.SYMBOLIC_LINK,
              FileMode.FIFO,
              FileMode.SOCKET,
              FileMode.CHARACTER_DEVICE,
              FileMode.BLOCK_DEVICE ->
              true;
          default -> false;
        };
    if (!known
        || (inode.mode() & ~MODE_MAX) != 0
        || inode.names() < 1
        || inode.sizeBytes() < 0
        || inode.modifyNanos() < 0
        || inode.modifyNanos() > NANOS_MAX
        || inode.accessNanos() < 0
        || inode.accessNanos() > NANOS_MAX
        || link != (inode.target().length > 0)
        || inode.target().length > PackageLayout.TARGET_BYTES_MAX) {
      throw invalid("an inode has attributes that are not possible");
    }
  }

  /** Sorts names by their directories; within one they are in order already. */
  private void arrange() {
    if (inodes == 0) {
      throw invalid("it is empty");
    }
    nameEnds = new int[inodes];
    for (int i = 0; i < names; i++) {
      nameEnds[nameParents[i]]++;
    }
    int[] next = new int[inodes];
    int sum = 0;
    for (int i = 0; i < inodes; i++) {
      next[i] = sum;
      sum += nameEnds[i];
      nameEnds[i] = sum;
    }
    long[] arranged = new long[names];
    for (int i = 0; i < names; i++) {
      arranged[next[nameParents[i]]++] = namePlaces[i];
    }
    namePlaces = arranged;
    nameParents = null;
    directories = null;
    path.clear();
  }

  private FirnException tooLarge() {
    return FirnException.failed("%s has too many files to browse; import it", source);
  }

  private FirnException invalid(String reason) {
    return FirnException.corrupt(
        "%s: its tree is not valid: %s; it is damaged or hostile", source, reason);
  }
}
