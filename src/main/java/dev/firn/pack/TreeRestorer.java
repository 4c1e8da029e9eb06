package dev.firn.pack;

import dev.firn.base.Bytes;
import dev.firn.base.FirnException;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.PackedParts;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ExecutorService;

/**
 * Makes a tree from a package's records, and checks all that they say. The records come in the
 * order of {@link TreeWalker} and refer to the data in its order: so no table of inodes is needed,
 * only the directories on the current path and the hard-linked inodes that still miss names; a name
 * that occurs twice is out of order; and each byte of data is used exactly once.
 */
final class TreeRestorer implements TreeBuilder.Entry {
  private static final int SHOWN_CHARS_MAX = 500;
  private static final int NANOS_MAX = 999_999_999;
  private static final int MODE_MAX = FileMode.TYPE_MASK | FileMode.PERMISSION_MASK;

  private static final class OpenDirectory {
    final long ordinal;
    final long inode;

    /** Null: of the base, and changed, if at all, when all names have come. */
    final TreeRecord.Inode record;

    byte[] lastName = new byte[0];

    /** What the directory gets when nothing more is made in it: what is would take it over. */
    byte[] defaultAcl;

    OpenDirectory(long ordinal, long inode, TreeRecord.Inode record) {
      this.ordinal = ordinal;
      this.inode = inode;
      this.record = record;
    }
  }

  private static final class LinkedInode {
    final long inode;
    long namesLeft;

    LinkedInode(long inode, long namesLeft) {
      this.inode = inode;
      this.namesLeft = namesLeft;
    }
  }

  private final TreeDecoder tree;
  private final Frames data;
  private final TreeBuilder builder;
  private final ContentWriter writer;
  private final Progress progress;
  private final String source;

  /** Null: the package is full. */
  private final BaseTree base;

  private final Deque<OpenDirectory> path = new ArrayDeque<>();
  private final Map<Long, LinkedInode> linked = new HashMap<>();
  private TreeRecord.Inode current;
  private long currentInode;

  /** Whether it is one of the base, which changes. */
  private boolean currentChanges;

  /** Whether some of its content may not have been written yet. */
  private boolean currentIsWritten;

  /** The last directory of the base that names came into, and the last inode that changed. */
  private long lastEntered = -1;

  private long lastChanged = -1;

  private long contentEnd;
  private byte[] lastXattr = new byte[0];
  private byte[] currentName = new byte[0];

  private int member = -1;
  private OpenedMember opened;
  private byte[] memberBytes = Bytes.EMPTY;
  private int memberOffset;

  private long inodes;
  private long directories;
  private long files;
  private long symbolicLinks;
  private long hardLinks;
  private long extents;
  private long logicalBytes;
  private long dataBytes;

  /**
   * @param incremental whether the target has what the records change
   * @param workers write long contents
   */
  TreeRestorer(
      TreeDecoder tree,
      Frames data,
      FileSystem target,
      boolean incremental,
      ExecutorService workers,
      Progress progress,
      String source) {
    this.tree = tree;
    this.data = data;
    this.builder = new TreeBuilder(target, source);
    this.writer = new ContentWriter(builder, workers);
    this.progress = progress;
    this.source = source;
    this.base = incremental ? new BaseTree(builder, this, source) : null;
  }

  /** What a package says it has, which may stand behind all that it has. */
  @FunctionalInterface
  interface Declared {
    Manifest.Counts counts() throws IOException;
  }

  /** Is told when nothing of a member of either kind is left to use. */
  @FunctionalInterface
  interface Pause {
    void reached() throws IOException;
  }

  /**
   * Makes all of the tree, or what a loaded state has not made; CORRUPT at the first thing that is
   * wrong.
   */
  void restore(Declared declared, Pause pause) throws IOException {
    try {
      restoreAll(declared, pause);
    } finally {
      // Whoever throws the target away must be the only one to use it.
      writer.abandon();
    }
  }

  private void restoreAll(Declared declared, Pause pause) throws IOException {
    while (true) {
      if (tree.isBetweenMembers() && memberOffset == memberBytes.length) {
        pause.reached();
      }
      TreeRecord record = tree.next();
      if (record instanceof TreeRecord.Inode inode) {
        add(inode);
      } else if (record instanceof TreeRecord.Link link) {
        add(link);
      } else if (record instanceof TreeRecord.Extent extent) {
        add(extent);
      } else if (record instanceof TreeRecord.Xattr xattr) {
        add(xattr);
      } else if (base != null && record instanceof TreeRecord.Base name) {
        currentName = name.name();
        base.add(name);
      } else if (base != null && record instanceof TreeRecord.Change change) {
        add(change);
      } else if (base != null && record instanceof TreeRecord.Hole hole) {
        add(hole);
      } else if (record instanceof TreeRecord.End end) {
        finish(end, declared);
        return;
      } else {
        throw invalid(
            record == null ? "it has no end" : "it has records of an incremental package");
      }
    }
  }

  private void add(TreeRecord.Inode record) throws IOException {
    finishCurrent();
    currentName = record.name();
    check(record);
    long ordinal = inodes++ + (base == null ? 0 : base.count());
    if (base == null && ordinal == 0) {
      if (record.parent() != 0 || record.name().length != 0 || !isDirectory(record)) {
        throw invalid("it does not begin with a root directory");
      }
      currentInode = FileSystem.ROOT_INODE;
    } else {
      OpenDirectory parent = enter(record.parent(), record.name());
      currentInode =
          builder.make(
              parent.inode,
              record.name(),
              record.mode(),
              record.device(),
              record.uid(),
              record.gid(),
              record.target(),
              this);
    }
    current = record;
    contentEnd = 0;
    lastXattr = new byte[0];
    count(record);
    if (isDirectory(record)) {
      path.push(new OpenDirectory(ordinal, currentInode, record));
      currentName = new byte[0];
    } else if (record.names() != 1) {
      linked.put(ordinal, new LinkedInode(currentInode, record.names() - 1L));
    }
  }

  private void count(TreeRecord.Inode record) {
    switch (record.mode() & FileMode.TYPE_MASK) {
      case FileMode.DIRECTORY -> directories++;
      case FileMode.SYMBOLIC_LINK -> symbolicLinks++;
      case FileMode.REGULAR -> {
        files++;
        logicalBytes = Manifest.Counts.addLength(logicalBytes, record.sizeBytes());
      }
      default -> {}
    }
  }

  private void add(TreeRecord.Link record) throws IOException {
    finishCurrent();
    currentName = record.name();
    OpenDirectory parent = enter(record.parent(), record.name());
    hardLinks++;
    if (base != null && record.ordinal() < base.count()) {
      base.place(record.ordinal(), parent.inode, record.name());
      return;
    }
    LinkedInode first = linked.get(record.ordinal());
    if (first == null) {
      throw invalid("'" + shown() + "' is a link to nothing");
    }
    builder.link(first.inode, parent.inode, record.name(), this);
    if (--first.namesLeft == 0) {
      linked.remove(record.ordinal());
    }
  }

  private void add(TreeRecord.Change record) throws IOException {
    finishCurrent();
    closePath();
    base.release();
    currentName = Bytes.EMPTY;
    long inode = base.inode(record.ordinal());
    if (record.ordinal() <= lastChanged) {
      throw invalid("its changes are out of order");
    }
    lastChanged = record.ordinal();
    Attributes old = builder.target().getAttributes(inode);
    TreeRecord.Inode changed = record.asInode();
    check(changed);
    if (((old.mode() ^ record.mode()) & FileMode.TYPE_MASK) != 0) {
      throw invalid("a file of the base becomes one of another type");
    }
    builder.prepareChange(old, record, this);
    if (old.isRegular()) {
      logicalBytes = Manifest.Counts.addLength(logicalBytes, record.sizeBytes());
    }
    current = changed;
    currentInode = inode;
    currentChanges = true;
    contentEnd = 0;
    lastXattr = new byte[0];
  }

  private void add(TreeRecord.Hole hole) throws IOException {
    if (!currentChanges || !FileMode.isRegular(current.mode())) {
      throw invalid("there is a hole without a changed file");
    }
    if (hole.length() <= 0
        || hole.offset() < contentEnd
        || hole.offset() > current.sizeBytes() - hole.length()) {
      throw invalid("a hole overlaps or exceeds its file");
    }
    builder.punchHole(currentInode, hole.offset(), hole.length(), this);
    contentEnd = hole.offset() + hole.length();
  }

  private void add(TreeRecord.Extent extent) throws IOException {
    if (current == null || !FileMode.isRegular(current.mode())) {
      throw invalid("there is content without a file before '" + shown() + "'");
    }
    if (member < extent.member() && memberOffset == memberBytes.length) {
      nextMember();
    }
    if (extent.member() != member || extent.memberOffset() != memberOffset) {
      throw invalid("the content of '" + shown() + "' is out of order");
    }
    int length = extent.length();
    if (length <= 0 || length > memberBytes.length - memberOffset) {
      throw invalid("the content of '" + shown() + "' is longer than its member");
    }
    if (extent.offset() < contentEnd || extent.offset() > current.sizeBytes() - length) {
      throw invalid("the content of '" + shown() + "' overlaps or exceeds the file");
    }
    if (length >= ContentWriter.BYTES_MIN) {
      currentIsWritten = true;
      writer.write(currentInode, extent.offset(), opened, memberOffset, length, shown());
    } else {
      ByteBuffer content = ByteBuffer.wrap(memberBytes, memberOffset, length);
      PackedParts packed = opened.packedFrom(memberOffset);
      builder.write(currentInode, extent.offset(), content, packed, this);
    }
    contentEnd = extent.offset() + length;
    memberOffset += length;
    dataBytes += length;
    extents++;
    progress.advance(length);
  }

  private void add(TreeRecord.Xattr xattr) throws IOException {
    if (current == null) {
      throw invalid("there is an attribute without an inode before '" + shown() + "'");
    }
    if (Arrays.compareUnsigned(xattr.name(), lastXattr) <= 0) {
      throw invalid("an attribute of '" + shown() + "' is there twice or out of order");
    }
    lastXattr = xattr.name();
    if (!currentChanges
        && isDirectory(current)
        && Arrays.equals(xattr.name(), PosixAcl.DEFAULT_NAME)) {
      path.element().defaultAcl = xattr.value();
      return;
    }
    long inode = currentInode;
    behindContent(entry -> builder.setXattr(inode, xattr.name(), xattr.value(), entry));
  }

  private void finish(TreeRecord.End end, Declared declared) throws IOException {
    finishCurrent();
    writer.await();
    closePath();
    if (base != null) {
      base.release();
      if (lastChanged < 0) {
        throw invalid("it does not say what its root is");
      }
    }
    if (tree.next() != null) {
      throw invalid("it goes on behind its end");
    }
    if (!linked.isEmpty()) {
      throw invalid("names of hard links are missing");
    }
    if (memberOffset != memberBytes.length || data.next() != null) {
      throw invalid("there is content that no file has");
    }
    Manifest.Counts counts =
        new Manifest.Counts(
            directories,
            files,
            symbolicLinks,
            inodes - directories - files - symbolicLinks,
            hardLinks,
            logicalBytes,
            dataBytes);
    if (!counts.equals(declared.counts())
        || end.inodes() != inodes
        || end.links() != hardLinks
        || end.extents() != extents
        || end.dataBytes() != dataBytes) {
      throw invalid("it does not have the counts that it declares");
    }
  }

  /** Closes directories until {@code ordinal} is the innermost, and takes a name into it. */
  private OpenDirectory enter(long ordinal, byte[] name) throws IOException {
    while (!path.isEmpty() && path.peek().ordinal != ordinal) {
      close(path.pop());
    }
    if (base != null) {
      base.end();
      if (lastChanged >= 0) {
        throw invalid("names come behind changes");
      }
      if (path.isEmpty() && ordinal < base.count()) {
        enterBase(ordinal);
      }
    }
    OpenDirectory directory = path.peek();
    if (directory == null) {
      throw invalid("'" + shown() + "' is in no open directory");
    }
    builder.checkName(name, this);
    if (Arrays.compareUnsigned(name, directory.lastName) <= 0) {
      throw invalid("'" + shown() + "' is there twice or out of order");
    }
    directory.lastName = name;
    return directory;
  }

  /** Each directory of the base once: only so its names are known to be in order. */
  private void enterBase(long ordinal) throws IOException {
    long inode = base.inode(ordinal);
    if (!base.isDirectory(ordinal) || ordinal <= lastEntered) {
      throw invalid("directories of the base are out of order");
    }
    lastEntered = ordinal;
    OpenDirectory directory = new OpenDirectory(ordinal, inode, null);
    directory.defaultAcl = builder.takeXattr(inode, PosixAcl.DEFAULT_NAME, this);
    path.push(directory);
  }

  private void closePath() throws IOException {
    while (!path.isEmpty()) {
      close(path.pop());
    }
  }

  /**
   * A directory's times come last: each name made in it changes them. So does its default ACL: what
   * is made in it would take it over.
   */
  private void close(OpenDirectory directory) throws IOException {
    if (directory.defaultAcl != null) {
      builder.setXattr(directory.inode, PosixAcl.DEFAULT_NAME, directory.defaultAcl, this);
    }
    if (directory.record != null) {
      setAttributes(directory.inode, directory.record, null, this);
    }
  }

  private void finishCurrent() throws IOException {
    if (current != null && currentChanges) {
      boolean regular = FileMode.isRegular(current.mode());
      finishCurrent(regular ? (Long) current.sizeBytes() : null);
    } else if (current != null && !isDirectory(current)) {
      boolean longer = FileMode.isRegular(current.mode()) && current.sizeBytes() != contentEnd;
      finishCurrent(longer ? (Long) current.sizeBytes() : null);
    }
    current = null;
    currentChanges = false;
    currentIsWritten = false;
  }

  private void finishCurrent(Long sizeBytes) throws IOException {
    long inode = currentInode;
    TreeRecord.Inode record = current;
    behindContent(entry -> setAttributes(inode, record, sizeBytes, entry));
  }

  /** Something is done to an inode. */
  @FunctionalInterface
  private interface Change {
    void make(TreeBuilder.Entry entry) throws IOException;
  }

  /** Content comes before all else: writing it changes times, and may take privileges away. */
  private void behindContent(Change change) throws IOException {
    if (currentIsWritten) {
      String shown = shown();
      writer.then(() -> change.make(() -> shown));
    } else {
      change.make(this);
    }
  }

  private void setAttributes(
      long inode, TreeRecord.Inode record, Long sizeBytes, TreeBuilder.Entry entry)
      throws IOException {
    builder.finish(
        inode,
        record.mode(),
        record.uid(),
        record.gid(),
        sizeBytes,
        new TreeBuilder.Times(
            record.accessSeconds(),
            record.accessNanos(),
            record.modifySeconds(),
            record.modifyNanos()),
        entry);
  }

  /** How many names of the base {@link #save} has to tell of. */
  int baseNames() {
    return base == null ? 0 : base.count();
  }

  /** All that {@link #load} needs to go on, when a {@link Pause} is reached. */
  void save(DataOutput out) throws IOException {
    writer.await();
    for (long count :
        new long[] {
          inodes, directories, files, symbolicLinks, hardLinks, extents, logicalBytes, dataBytes
        }) {
      out.writeLong(count);
    }
    out.writeInt(member);
    SavedState.writeRecord(out, current);
    out.writeLong(currentInode);
    out.writeLong(contentEnd);
    SavedState.writeBytes(out, lastXattr);
    SavedState.writeBytes(out, currentName);
    out.writeInt(path.size());
    for (Iterator<OpenDirectory> open = path.descendingIterator(); open.hasNext(); ) {
      OpenDirectory directory = open.next();
      out.writeLong(directory.ordinal);
      out.writeLong(directory.inode);
      SavedState.writeRecord(out, directory.record);
      SavedState.writeBytes(out, directory.lastName);
      SavedState.writeBytes(out, directory.defaultAcl);
    }
    out.writeInt(linked.size());
    for (Map.Entry<Long, LinkedInode> each : linked.entrySet()) {
      out.writeLong(each.getKey());
      out.writeLong(each.getValue().inode);
      out.writeLong(each.getValue().namesLeft);
    }
    if (base != null) {
      out.writeBoolean(currentChanges);
      out.writeLong(lastEntered);
      out.writeLong(lastChanged);
      base.save(out);
    }
  }

  /** Goes on where another one was, in its target; before anything else. */
  void load(DataInput in) throws IOException {
    inodes = in.readLong();
    directories = in.readLong();
    files = in.readLong();
    symbolicLinks = in.readLong();
    hardLinks = in.readLong();
    extents = in.readLong();
    logicalBytes = in.readLong();
    dataBytes = in.readLong();
    progress.advance(dataBytes);
    member = in.readInt();
    current = loadInode(in);
    currentInode = in.readLong();
    contentEnd = in.readLong();
    lastXattr = SavedState.readBytes(in);
    currentName = SavedState.readBytes(in);
    for (int left = in.readInt(); left > 0; left--) {
      OpenDirectory directory = new OpenDirectory(in.readLong(), in.readLong(), loadInode(in));
      directory.lastName = SavedState.readBytes(in);
      directory.defaultAcl = SavedState.readBytes(in);
      path.push(directory);
    }
    for (int left = in.readInt(); left > 0; left--) {
      linked.put(in.readLong(), new LinkedInode(in.readLong(), in.readLong()));
    }
    if (base != null) {
      currentChanges = in.readBoolean();
      lastEntered = in.readLong();
      lastChanged = in.readLong();
      base.load(in);
    }
  }

  private static TreeRecord.Inode loadInode(DataInput in) throws IOException {
    return (TreeRecord.Inode) SavedState.readRecord(in, PackageLayout.RECORD_INODE);
  }

  private void nextMember() throws IOException {
    if (opened != null) {
      OpenedMember used = opened;
      writer.endMember(() -> data.recycle(used));
    }
    opened = data.next();
    if (opened == null) {
      throw invalid("the content of '" + shown() + "' is not in the package");
    }
    memberBytes = opened.raw();
    member++;
    memberOffset = 0;
  }

  private void check(TreeRecord.Inode record) {
    boolean regular = FileMode.isRegular(record.mode());
    boolean symbolicLink = FileMode.isSymbolicLink(record.mode());
    int type = record.mode() & FileMode.TYPE_MASK;
    boolean device = type == FileMode.CHARACTER_DEVICE || type == FileMode.BLOCK_DEVICE;
    if ((record.mode() & ~MODE_MAX) != 0
        || record.names() < 1
        || (isDirectory(record) && record.names() != 1)
        || record.sizeBytes() < 0
        || (!regular && record.sizeBytes() != 0)
        || (!device && record.device() != 0)
        || (!symbolicLink && record.target().length != 0)
        || record.modifyNanos() < 0
        || record.modifyNanos() > NANOS_MAX
        || record.accessNanos() < 0
        || record.accessNanos() > NANOS_MAX) {
      throw invalid("'" + shown() + "' has attributes that are not possible");
    }
  }

  private static boolean isDirectory(TreeRecord.Inode record) {
    return FileMode.isDirectory(record.mode());
  }

  private FirnException invalid(String reason) {
    return FirnException.corrupt(
        "%s: its tree is not valid: %s; it is damaged or hostile", source, reason);
  }

  @Override
  public String shown() {
    StringBuilder text = new StringBuilder();
    for (Iterator<OpenDirectory> names = path.descendingIterator(); names.hasNext(); ) {
      TreeRecord.Inode record = names.next().record;
      byte[] name = record == null ? Bytes.EMPTY : record.name();
      text.append(name.length == 0 ? "" : Names.printable(name) + "/");
    }
    text.append(Names.printable(currentName));
    int excess = text.length() - SHOWN_CHARS_MAX;
    return excess <= 0 ? text.toString() : "…" + text.substring(excess);
  }
}
