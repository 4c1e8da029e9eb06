package dev.firn.pack;

import dev.firn.base.Bytes;
import dev.firn.base.FirnException;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.DirectoryEntry;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;

/**
 * The base that an incremental import changes, by the ordinals of its {@link TreeRecord.Base}
 * records. Finds what they name and compares it with what they say: a base that is another is
 * refused, not changed. Takes away names that go; an inode that stays is kept meanwhile in a
 * directory that nothing else knows the name of, until its new names have come.
 *
 * <p>Names are in ascending order, so that no more than the base has can be asked for: memory is
 * that of the directories on the way, and ten bytes for each name.
 */
final class BaseTree {
  private static final int LISTING_BATCH = 4096;
  private static final int HOLD_NAME_BYTES = 16;

  /** What is known of an ordinal, as bits. */
  private static final int STAYS = 1;

  private static final int DIRECTORY = 2;
  private static final int HELD = 4;

  private static final class OpenDirectory {
    final long ordinal;
    final long parent;
    final long inode;
    final TreeRecord.Base record;
    byte[] lastName = Bytes.EMPTY;

    OpenDirectory(long ordinal, long parent, long inode, TreeRecord.Base record) {
      this.ordinal = ordinal;
      this.parent = parent;
      this.inode = inode;
      this.record = record;
    }
  }

  private final TreeBuilder builder;
  private final FileSystem target;
  private final TreeBuilder.Entry entry;
  private final String source;
  private final Deque<OpenDirectory> path = new ArrayDeque<>();
  private long[] inodes = new long[64];
  private byte[] states = new byte[64];
  private int count;
  private byte[] holdName;
  private long hold;
  private boolean ended;

  BaseTree(TreeBuilder builder, TreeBuilder.Entry entry, String source) {
    this.builder = builder;
    this.target = builder.target();
    this.entry = entry;
    this.source = source;
  }

  /** All that {@link #load} needs to go on. */
  void save(DataOutput out) throws IOException {
    out.writeInt(count);
    for (int ordinal = 0; ordinal < count; ordinal++) {
      out.writeLong(inodes[ordinal]);
      out.writeByte(states[ordinal]);
    }
    out.writeBoolean(ended);
    SavedState.writeBytes(out, holdName);
    out.writeLong(hold);
    out.writeInt(path.size());
    for (Iterator<OpenDirectory> open = path.descendingIterator(); open.hasNext(); ) {
      OpenDirectory directory = open.next();
      out.writeLong(directory.ordinal);
      out.writeLong(directory.parent);
      out.writeLong(directory.inode);
      SavedState.writeRecord(out, directory.record);
      SavedState.writeBytes(out, directory.lastName);
    }
  }

  /** Goes on where another one was, in its target; before anything else. */
  void load(DataInput in) throws IOException {
    count = in.readInt();
    inodes = new long[Math.max(inodes.length, count)];
    states = new byte[inodes.length];
    for (int ordinal = 0; ordinal < count; ordinal++) {
      inodes[ordinal] = in.readLong();
      states[ordinal] = in.readByte();
    }
    ended = in.readBoolean();
    holdName = SavedState.readBytes(in);
    hold = in.readLong();
    for (int left = in.readInt(); left > 0; left--) {
      OpenDirectory directory =
          new OpenDirectory(in.readLong(), in.readLong(), in.readLong(), loadBase(in));
      directory.lastName = SavedState.readBytes(in);
      path.push(directory);
    }
  }

  private static TreeRecord.Base loadBase(DataInput in) throws IOException {
    return (TreeRecord.Base) SavedState.readRecord(in, PackageLayout.RECORD_BASE);
  }

  /** How many ordinals there are. */
  int count() {
    return count;
  }

  void add(TreeRecord.Base record) throws IOException {
    if (ended || !record.hasKnownFlags()) {
      throw invalid("a name of the base is out of order");
    }
    if (count == 0) {
      if (!record.isRoot()) {
        throw invalid("its base does not begin with a root directory");
      }
      addInode(target.getAttributes(FileSystem.ROOT_INODE), 0, record);
      return;
    }
    while (!path.isEmpty() && path.peek().ordinal != record.parent()) {
      close(path.pop());
    }
    OpenDirectory directory = path.peek();
    if (directory == null) {
      throw invalid("a name of the base is in no open directory");
    }
    builder.checkName(record.name(), entry);
    if (Arrays.compareUnsigned(record.name(), directory.lastName) <= 0) {
      throw invalid("a name of the base is there twice or out of order");
    }
    directory.lastName = record.name();
    Attributes attributes = builder.find(directory.inode, record.name(), entry);
    if (attributes == null) {
      throw another(record.name());
    }
    addInode(attributes, directory.inode, record);
  }

  private void addInode(Attributes attributes, long parent, TreeRecord.Base record)
      throws IOException {
    long sizeBytes = attributes.isRegular() ? attributes.sizeBytes() : 0;
    if (!record.isOf(
        attributes.mode(), sizeBytes, attributes.modifySeconds(), attributes.modifyNanos())) {
      throw another(record.name());
    }
    if (count == inodes.length) {
      inodes = Arrays.copyOf(inodes, 2 * count);
      states = Arrays.copyOf(states, 2 * count);
    }
    int ordinal = count++;
    inodes[ordinal] = attributes.inode();
    states[ordinal] =
        (byte) ((record.stays() ? STAYS : 0) | (attributes.isDirectory() ? DIRECTORY : 0));
    if (attributes.isDirectory()) {
      path.push(new OpenDirectory(ordinal, parent, attributes.inode(), record));
    } else if (!record.isGone()) {
      // Found, and stays where it is.
      return;
    } else if (record.stays()) {
      hold(ordinal, parent, record.name());
    } else {
      target.unlink(parent, record.name());
    }
  }

  private void close(OpenDirectory directory) throws IOException {
    if (!directory.record.isGone()) {
      return;
    }
    if (directory.record.stays()) {
      hold((int) directory.ordinal, directory.parent, directory.record.name());
    } else {
      removeAll(directory.inode);
      target.removeDirectory(directory.parent, directory.record.name());
    }
  }

  private void hold(int ordinal, long parent, byte[] name) throws IOException {
    if (holdName == null) {
      byte[] random = new byte[HOLD_NAME_BYTES];
      new SecureRandom().nextBytes(random);
      holdName = Bytes.utf8(".firn-" + HexFormat.of().formatHex(random));
      hold =
          builder.make(
              FileSystem.ROOT_INODE,
              holdName,
              FileMode.DIRECTORY | 0700,
              0,
              0,
              0,
              Bytes.EMPTY,
              entry);
    }
    builder.rename(parent, name, hold, heldName(ordinal), entry);
    states[ordinal] |= HELD;
  }

  private static byte[] heldName(int ordinal) {
    return Bytes.utf8(Integer.toString(ordinal));
  }

  /** Ends the part of the base's names; repeated it does nothing. */
  void end() throws IOException {
    if (!ended) {
      if (count == 0) {
        throw invalid("it names nothing of its base");
      }
      ended = true;
      while (!path.isEmpty()) {
        close(path.pop());
      }
    }
  }

  /** The inode that stays; the ordinal may be any number. */
  long inode(long ordinal) {
    if (ordinal < 0 || ordinal >= count || (states[(int) ordinal] & STAYS) == 0) {
      throw invalid("it refers to something of the base that does not stay");
    }
    return inodes[(int) ordinal];
  }

  boolean isDirectory(long ordinal) {
    return (states[(int) ordinal] & DIRECTORY) != 0;
  }

  /** Gives an inode that stays a name; a directory loses the one it had. */
  void place(long ordinal, long parent, byte[] name) throws IOException {
    long inode = inode(ordinal);
    if (!isDirectory(ordinal)) {
      builder.link(inode, parent, name, entry);
      return;
    }
    int index = (int) ordinal;
    if ((states[index] & HELD) == 0) {
      throw invalid("a directory of the base gets a second name");
    }
    builder.rename(hold, heldName(index), parent, name, entry);
    states[index] &= ~HELD;
  }

  /** Lets go of what was kept: all names have come. Repeated it does nothing. */
  void release() throws IOException {
    end();
    if (holdName == null) {
      return;
    }
    for (int ordinal = 0; ordinal < count; ordinal++) {
      if ((states[ordinal] & HELD) != 0) {
        if (isDirectory(ordinal)) {
          throw invalid("a directory of the base stays, but nowhere");
        }
        if (target.getAttributes(inodes[ordinal]).linkCount() < 2) {
          throw invalid("a file of the base stays, but nowhere");
        }
        target.unlink(hold, heldName(ordinal));
      }
    }
    target.removeDirectory(FileSystem.ROOT_INODE, holdName);
    holdName = null;
  }

  /** Removes all in a directory; not recursive, and in memory for the way down only. */
  private void removeAll(long directory) throws IOException {
    record Level(long inode, byte[] name) {}
    Deque<Level> way = new ArrayDeque<>();
    way.push(new Level(directory, null));
    while (!way.isEmpty()) {
      Level level = way.peek();
      byte[] below = null;
      long belowInode = 0;
      List<DirectoryEntry> entries = list(level.inode);
      for (DirectoryEntry each : entries) {
        if (builder.find(level.inode, each.name(), entry).isDirectory()) {
          below = each.name();
          belowInode = each.inode();
          break;
        }
        target.unlink(level.inode, each.name());
      }
      if (below != null) {
        way.push(new Level(belowInode, below));
      } else if (entries.isEmpty()) {
        way.pop();
        if (!way.isEmpty()) {
          target.removeDirectory(way.peek().inode, level.name);
        }
      }
    }
  }

  /** Some entries of a directory; none only if it is empty. */
  private List<DirectoryEntry> list(long directory) throws IOException {
    long handle = target.openDirectory(directory);
    try {
      return target.readDirectory(handle, 0, LISTING_BATCH).stream()
          .filter(each -> !DirectoryEntry.isDots(each.name()))
          .toList();
    } finally {
      target.releaseDirectory(handle);
    }
  }

  private FirnException another(byte[] name) {
    return FirnException.conflict(
        "%s was made from another base than the one that is here: '%s' is not the same in both;"
            + " import the base from its own package",
        source, name.length == 0 ? "/" : Names.printable(name));
  }

  private FirnException invalid(String reason) {
    return FirnException.corrupt(
        "%s: its tree is not valid: %s; it is damaged or hostile", source, reason);
  }
}
