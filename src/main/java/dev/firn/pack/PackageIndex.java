package dev.firn.pack;

import dev.firn.base.FirnException;
import dev.firn.vfs.FileMode;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where in the tree of a full package, or of one with those that change it, everything is: the
 * records, decompressed and verified, in a temporary file, and arrays with 24 bytes for each name.
 * Immutable once it is built; safe for concurrent use.
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

  /** As long as Linux lets a list of them be. */
  private static final int XATTR_NAMES_BYTES_MAX = 64 << 10;

  /** Of those files with more, how many extents they have, and their bytes, are kept. */
  private static final int FEW_EXTENTS = 16;

  private static final int EXTENT_BYTES =
      PackageLayout.RECORD_HEADER_BYTES + new TreeRecord.Extent(0, 0, 0, 0).bodyBytes();

  private static final int NANOS_MAX = 999_999_999;
  private static final int MODE_MAX = FileMode.TYPE_MASK | FileMode.PERMISSION_MASK;

  /** In place of an ordinal: the root is in none. */
  private static final int NO_DIRECTORY = -1;

  private record Extents(int count, long bytes) {}

  private final String source;
  private final List<Manifest.Member> data;
  private final TreeSpool records;

  private long[] places = new long[1024];
  private int inodes;
  private long[] namePlaces = new long[1024];
  private int[] nameParents = new int[1024];
  private int names;

  /** For each inode the position behind those of its names; built at the end. */
  private int[] nameEnds;

  private int[] subdirectories = new int[1024];
  private long dataBytes;
  private long treeBytes;
  private final Map<Integer, Extents> manyExtents = new HashMap<>();

  // While it is built.
  private WalkPath path = new WalkPath("a name", this::invalid);
  private BitSet directories = new BitSet();
  private TreeRecord.Inode current;
  private int extents;
  private long dataBytesBefore;
  private byte[] lastXattr;
  private int xattrNamesBytes;
  private long contentEnd;
  private boolean ended;

  /**
   * @param data all members of the data, by their numbers in the records
   */
  private PackageIndex(List<Manifest.Member> data, Path spoolDirectory, String source)
      throws IOException {
    this.source = source;
    this.data = data;
    this.records = new TreeSpool(spoolDirectory, source);
  }

  /** Gives an index the records of its tree. */
  @FunctionalInterface
  private interface Filler {
    void fill(PackageIndex index) throws IOException;
  }

  /** Of a full package, whose tree is read and verified. */
  static PackageIndex of(PackageFile file, Path spoolDirectory) throws IOException {
    return build(file.data(), file, spoolDirectory, index -> file.readTree(index::append));
  }

  /**
   * Of a package that changes what another index has, whose members of the data come behind that
   * one's.
   */
  static PackageIndex over(PackageIndex base, PackageFile file, Path spoolDirectory)
      throws IOException {
    List<Manifest.Member> data = new ArrayList<>(base.data);
    data.addAll(file.data());
    return build(
        data,
        file,
        spoolDirectory,
        index -> {
          try (TreeSpool changes = new TreeSpool(spoolDirectory, file.source())) {
            MergedTree merged = new MergedTree(base, changes, file.source());
            file.readTree(raw -> changes.append(raw, merged::add));
            TreeEncoder encoder = new TreeEncoder(index::append);
            merged.write(encoder);
            encoder.cut();
          }
        });
  }

  private static PackageIndex build(
      List<Manifest.Member> data, PackageFile file, Path spoolDirectory, Filler filler)
      throws IOException {
    requireBrowsable(file);
    PackageIndex index = new PackageIndex(data, spoolDirectory, file.source());
    boolean built = false;
    try {
      filler.fill(index);
      index.finish();
      built = true;
    } finally {
      if (!built) {
        index.close();
      }
    }
    return index;
  }

  private static void requireBrowsable(PackageFile file) {
    List<Manifest.Member> tree = file.manifest().tree();
    if (tree.stream().mapToLong(Manifest.Member::rawBytes).sum() > TREE_BYTES_MAX) {
      throw tooLarge(file.source());
    }
  }

  private void append(byte[] raw) throws IOException {
    treeBytes += raw.length;
    if (treeBytes > TREE_BYTES_MAX) {
      // That of a chain may be longer than each of its packages'.
      throw tooLarge(source);
    }
    records.append(raw, this::add);
  }

  private void finish() {
    if (!ended) {
      throw invalid("it has no end");
    }
    arrange();
  }

  /** How many members of the data there are. */
  int members() {
    return data.size();
  }

  /** What files have, together, without their holes. */
  long dataBytes() {
    return dataBytes;
  }

  int inodes() {
    return inodes;
  }

  /** An inode's record. */
  TreeRecord.Inode inode(int ordinal) throws IOException {
    return (TreeRecord.Inode) records.record(places[ordinal]);
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
    TreeRecord record = records.record(place);
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
    Extents many = manyExtents.get(ordinal);
    if (many != null) {
      return many.count;
    }
    int count = 0;
    long place = records.behind(places[ordinal]);
    while (records.typeAt(place) == PackageLayout.RECORD_EXTENT) {
      count++;
      place += EXTENT_BYTES;
    }
    return count;
  }

  /** What a file has without its holes. */
  long dataBytes(int ordinal) throws IOException {
    Extents many = manyExtents.get(ordinal);
    if (many != null) {
      return many.bytes;
    }
    int count = extentCount(ordinal);
    long bytes = 0;
    for (int i = 0; i < count; i++) {
      bytes += extent(ordinal, i).length();
    }
    return bytes;
  }

  TreeRecord.Extent extent(int ordinal, int index) throws IOException {
    return (TreeRecord.Extent)
        records.record(records.behind(places[ordinal]) + (long) index * EXTENT_BYTES);
  }

  /** Is told of extended attributes. */
  @FunctionalInterface
  interface XattrVisitor {
    void xattr(TreeRecord.Xattr xattr) throws IOException;
  }

  /** Tells of the extended attributes of an inode, in order. */
  void forEachXattr(int ordinal, XattrVisitor visitor) throws IOException {
    long place = records.behind(places[ordinal]) + (long) extentCount(ordinal) * EXTENT_BYTES;
    while (records.typeAt(place) == PackageLayout.RECORD_XATTR) {
      visitor.xattr((TreeRecord.Xattr) records.record(place));
      place = records.behind(place);
    }
  }

  @Override
  public void close() throws IOException {
    records.close();
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
      if (lastXattr != null && Arrays.compareUnsigned(xattr.name(), lastXattr) <= 0) {
        throw invalid("an attribute is there twice or out of order");
      }
      lastXattr = xattr.name();
      xattrNamesBytes += lastXattr.length + 1;
      if (xattrNamesBytes > XATTR_NAMES_BYTES_MAX) {
        throw invalid("an inode has more attributes than can be listed");
      }
    } else if (record instanceof TreeRecord.End) {
      finishCurrent();
      ended = true;
    } else {
      throw invalid("it has records of an incremental package");
    }
  }

  private void addInode(TreeRecord.Inode inode, long place) {
    check(inode);
    boolean isDirectory = FileMode.isDirectory(inode.mode());
    int parent = NO_DIRECTORY;
    if (inodes > 0) {
      parent = addName(inode.parent(), inode.name(), place);
    } else if (inode.parent() != 0 || inode.name().length != 0 || !isDirectory) {
      throw invalid("it does not begin with a root directory");
    }
    if (inodes == places.length) {
      places = Arrays.copyOf(places, 2 * inodes);
      subdirectories = Arrays.copyOf(subdirectories, 2 * inodes);
    }
    if (isDirectory) {
      if (parent != NO_DIRECTORY) {
        subdirectories[parent]++;
      }
      path.open(inodes);
      directories.set(inodes);
    }
    places[inodes++] = place;
    current = inode;
    extents = 0;
    lastXattr = null;
    xattrNamesBytes = 0;
    contentEnd = 0;
    dataBytesBefore = dataBytes;
  }

  /** Answers the directory. */
  private int addName(long parent, byte[] name, long place) {
    int directory = path.enter(parent);
    TreeBuilder.checkName(name, source, () -> Names.printable(name));
    path.take(name);
    if (names == NAMES_MAX) {
      throw tooLarge(source);
    }
    if (names == namePlaces.length) {
      namePlaces = Arrays.copyOf(namePlaces, 2 * names);
      nameParents = Arrays.copyOf(nameParents, 2 * names);
    }
    namePlaces[names] = place;
    nameParents[names++] = directory;
    return directory;
  }

  private void addExtent(TreeRecord.Extent extent) {
    int member = extent.member();
    if (current == null || lastXattr != null || !FileMode.isRegular(current.mode())) {
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
    dataBytes += extent.length();
    extents++;
  }

  private void finishCurrent() {
    if (current != null && extents > FEW_EXTENTS) {
      manyExtents.put(inodes - 1, new Extents(extents, dataBytes - dataBytesBefore));
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
    path = null;
  }

  static FirnException tooLarge(String source) {
    return FirnException.failed("%s has too many files to browse; import it", source);
  }

  private FirnException invalid(String reason) {
    return FirnException.corrupt(
        "%s: its tree is not valid: %s; it is damaged or hostile", source, reason);
  }
}
