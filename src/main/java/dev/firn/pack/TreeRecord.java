package dev.firn.pack;

import static dev.firn.pack.PackageLayout.RECORD_BASE;
import static dev.firn.pack.PackageLayout.RECORD_CHANGE;
import static dev.firn.pack.PackageLayout.RECORD_END;
import static dev.firn.pack.PackageLayout.RECORD_EXTENT;
import static dev.firn.pack.PackageLayout.RECORD_HOLE;
import static dev.firn.pack.PackageLayout.RECORD_INODE;
import static dev.firn.pack.PackageLayout.RECORD_LINK;
import static dev.firn.pack.PackageLayout.RECORD_XATTR;

import dev.firn.base.Bytes;
import java.util.Arrays;

/**
 * What a package's tree is made of. Each record writes itself and reads itself; native-notes/
 * package.md has the bytes.
 */
sealed interface TreeRecord {
  int type();

  int bodyBytes();

  /** Writes {@link #bodyBytes} at {@code at}. */
  void put(byte[] target, int at);

  /**
   * The record in {@code body}.
   *
   * @throws IllegalArgumentException if it is not one; the message says why
   */
  static TreeRecord parse(int type, byte[] source, int at, int length) {
    byte[] body = Arrays.copyOfRange(source, at, at + length);
    return switch (type) {
      case RECORD_INODE -> Inode.parse(body);
      case RECORD_LINK -> Link.parse(body);
      case RECORD_XATTR -> Xattr.parse(body);
      case RECORD_EXTENT -> Extent.parse(body);
      case RECORD_END -> End.parse(body);
      case RECORD_BASE -> Base.parse(body);
      case RECORD_CHANGE -> Change.parse(body);
      case RECORD_HOLE -> Hole.parse(body);
      default -> throw new IllegalArgumentException("record type " + type + " is unknown");
    };
  }

  /**
   * The record, with its header, that is in {@code member} at {@code position}.
   *
   * @param bodyBytesMax longer ones are taken for none
   * @throws IllegalArgumentException if there is none; the message says why
   */
  static TreeRecord at(byte[] member, int position, int bodyBytesMax) {
    int body = position + PackageLayout.RECORD_HEADER_BYTES;
    if (member.length < body) {
      throw new IllegalArgumentException("a record is cut short");
    }
    long length = Integer.toUnsignedLong(Bytes.getInt(member, position + 1));
    if (length > member.length - body || length > bodyBytesMax) {
      throw new IllegalArgumentException("a record is longer than its member");
    }
    return parse(member[position] & 0xff, member, body, (int) length);
  }

  /**
   * An inode at its first name.
   *
   * @param parent ordinal of the directory; the root's is 0, its own
   * @param names how many names lead here, 1 for a directory
   * @param sizeBytes of a regular file, else 0
   * @param device of a device node, else 0
   * @param target of a symbolic link, else empty
   */
  record Inode(
      long parent,
      int mode,
      int uid,
      int gid,
      int device,
      int names,
      long sizeBytes,
      long modifySeconds,
      int modifyNanos,
      long accessSeconds,
      int accessNanos,
      byte[] name,
      byte[] target)
      implements TreeRecord {
    private static final int FIXED_BYTES = 64;

    @Override
    public int type() {
      return RECORD_INODE;
    }

    @Override
    public int bodyBytes() {
      return FIXED_BYTES + name.length + target.length;
    }

    @Override
    public void put(byte[] bytes, int at) {
      Bytes.putLong(bytes, at, parent);
      Bytes.putInt(bytes, at + 8, mode);
      Bytes.putInt(bytes, at + 12, uid);
      Bytes.putInt(bytes, at + 16, gid);
      Bytes.putInt(bytes, at + 20, device);
      Bytes.putInt(bytes, at + 24, names);
      Bytes.putLong(bytes, at + 28, sizeBytes);
      Bytes.putLong(bytes, at + 36, modifySeconds);
      Bytes.putInt(bytes, at + 44, modifyNanos);
      Bytes.putLong(bytes, at + 48, accessSeconds);
      Bytes.putInt(bytes, at + 56, accessNanos);
      Bytes.putShort(bytes, at + 60, name.length);
      Bytes.putShort(bytes, at + 62, target.length);
      System.arraycopy(name, 0, bytes, at + FIXED_BYTES, name.length);
      System.arraycopy(target, 0, bytes, at + FIXED_BYTES + name.length, target.length);
    }

    /** The same inode, found by another name. */
    Inode named(long newParent, byte[] newName, int newNames) {
      return new Inode(
          newParent,
          mode,
          uid,
          gid,
          device,
          newNames,
          sizeBytes,
          modifySeconds,
          modifyNanos,
          accessSeconds,
          accessNanos,
          newName,
          target);
    }

    /** The same inode, as a change leaves it. */
    Inode changed(Change change) {
      return new Inode(
          parent,
          change.mode,
          change.uid,
          change.gid,
          device,
          names,
          change.sizeBytes,
          change.modifySeconds,
          change.modifyNanos,
          change.accessSeconds,
          change.accessNanos,
          name,
          target);
    }

    private static Inode parse(byte[] body) {
      atLeast(body, FIXED_BYTES);
      int nameLength = Bytes.getShort(body, 60);
      int targetLength = Bytes.getShort(body, 62);
      exactly(body, FIXED_BYTES + nameLength + targetLength);
      return new Inode(
          Bytes.getLong(body, 0),
          Bytes.getInt(body, 8),
          Bytes.getInt(body, 12),
          Bytes.getInt(body, 16),
          Bytes.getInt(body, 20),
          Bytes.getInt(body, 24),
          Bytes.getLong(body, 28),
          Bytes.getLong(body, 36),
          Bytes.getInt(body, 44),
          Bytes.getLong(body, 48),
          Bytes.getInt(body, 56),
          Arrays.copyOfRange(body, FIXED_BYTES, FIXED_BYTES + nameLength),
          Arrays.copyOfRange(body, FIXED_BYTES + nameLength, body.length));
    }
  }

  /** A further name of the inode with this ordinal. */
  record Link(long parent, long ordinal, byte[] name) implements TreeRecord {
    private static final int FIXED_BYTES = 18;

    @Override
    public int type() {
      return RECORD_LINK;
    }

    @Override
    public int bodyBytes() {
      return FIXED_BYTES + name.length;
    }

    @Override
    public void put(byte[] bytes, int at) {
      Bytes.putLong(bytes, at, parent);
      Bytes.putLong(bytes, at + 8, ordinal);
      Bytes.putShort(bytes, at + 16, name.length);
      System.arraycopy(name, 0, bytes, at + FIXED_BYTES, name.length);
    }

    private static Link parse(byte[] body) {
      atLeast(body, FIXED_BYTES);
      exactly(body, FIXED_BYTES + Bytes.getShort(body, 16));
      return new Link(
          Bytes.getLong(body, 0),
          Bytes.getLong(body, 8),
          Arrays.copyOfRange(body, FIXED_BYTES, body.length));
    }
  }

  /** An extended attribute of the inode before. */
  record Xattr(byte[] name, byte[] value) implements TreeRecord {
    private static final int FIXED_BYTES = 6;

    @Override
    public int type() {
      return RECORD_XATTR;
    }

    @Override
    public int bodyBytes() {
      return FIXED_BYTES + name.length + value.length;
    }

    @Override
    public void put(byte[] bytes, int at) {
      Bytes.putShort(bytes, at, name.length);
      Bytes.putInt(bytes, at + 2, value.length);
      System.arraycopy(name, 0, bytes, at + FIXED_BYTES, name.length);
      System.arraycopy(value, 0, bytes, at + FIXED_BYTES + name.length, value.length);
    }

    private static Xattr parse(byte[] body) {
      atLeast(body, FIXED_BYTES);
      int nameLength = Bytes.getShort(body, 0);
      exactly(
          body, (long) FIXED_BYTES + nameLength + Integer.toUnsignedLong(Bytes.getInt(body, 2)));
      return new Xattr(
          Arrays.copyOfRange(body, FIXED_BYTES, FIXED_BYTES + nameLength),
          Arrays.copyOfRange(body, FIXED_BYTES + nameLength, body.length));
    }
  }

  /**
   * Content of the inode before.
   *
   * @param offset in the file
   * @param member number of the data member that has it
   * @param memberOffset in that member's raw bytes
   */
  record Extent(long offset, int length, int member, int memberOffset) implements TreeRecord {
    private static final int BODY_BYTES = 20;

    @Override
    public int type() {
      return RECORD_EXTENT;
    }

    @Override
    public int bodyBytes() {
      return BODY_BYTES;
    }

    @Override
    public void put(byte[] bytes, int at) {
      Bytes.putLong(bytes, at, offset);
      Bytes.putInt(bytes, at + 8, length);
      Bytes.putInt(bytes, at + 12, member);
      Bytes.putInt(bytes, at + 16, memberOffset);
    }

    private static Extent parse(byte[] body) {
      exactly(body, BODY_BYTES);
      return new Extent(
          Bytes.getLong(body, 0),
          Bytes.getInt(body, 8),
          Bytes.getInt(body, 12),
          Bytes.getInt(body, 16));
    }
  }

  /** The last record: how many of each there were, and the bytes of all extents. */
  record End(long inodes, long links, long extents, long dataBytes) implements TreeRecord {
    private static final int BODY_BYTES = 32;

    @Override
    public int type() {
      return RECORD_END;
    }

    @Override
    public int bodyBytes() {
      return BODY_BYTES;
    }

    @Override
    public void put(byte[] bytes, int at) {
      Bytes.putLong(bytes, at, inodes);
      Bytes.putLong(bytes, at + 8, links);
      Bytes.putLong(bytes, at + 16, extents);
      Bytes.putLong(bytes, at + 24, dataBytes);
    }

    private static End parse(byte[] body) {
      exactly(body, BODY_BYTES);
      return new End(
          Bytes.getLong(body, 0),
          Bytes.getLong(body, 8),
          Bytes.getLong(body, 16),
          Bytes.getLong(body, 24));
    }
  }

  /**
   * A name in the base of an incremental package, and how the inode behind it was there.
   *
   * @param parent ordinal of the directory; the root's is 0, its own
   * @param flags {@link #GONE}, {@link #STAYS} or both
   * @param sizeBytes of a regular file, else 0
   */
  record Base(
      long parent,
      int flags,
      int mode,
      long sizeBytes,
      long modifySeconds,
      int modifyNanos,
      byte[] name)
      implements TreeRecord {
    /** The directory does not have this name any more. */
    static final int GONE = 1;

    /** The inode is in the new tree, too. */
    static final int STAYS = 2;

    private static final int FIXED_BYTES = 36;

    /** Whether it is the first one, which all others are below. */
    boolean isRoot() {
      return parent == 0 && name.length == 0 && flags == STAYS;
    }

    boolean hasKnownFlags() {
      return flags >= 1 && flags <= (GONE | STAYS);
    }

    /** Whether an inode is as it was when the package was made. */
    boolean isOf(int itsMode, long itsSizeBytes, long itsModifySeconds, int itsModifyNanos) {
      return mode == itsMode
          && sizeBytes == itsSizeBytes
          && modifySeconds == itsModifySeconds
          && modifyNanos == itsModifyNanos;
    }

    boolean isGone() {
      return (flags & GONE) != 0;
    }

    boolean stays() {
      return (flags & STAYS) != 0;
    }

    @Override
    public int type() {
      return RECORD_BASE;
    }

    @Override
    public int bodyBytes() {
      return FIXED_BYTES + name.length;
    }

    @Override
    public void put(byte[] bytes, int at) {
      Bytes.putLong(bytes, at, parent);
      Bytes.putShort(bytes, at + 8, flags);
      Bytes.putInt(bytes, at + 10, mode);
      Bytes.putLong(bytes, at + 14, sizeBytes);
      Bytes.putLong(bytes, at + 22, modifySeconds);
      Bytes.putInt(bytes, at + 30, modifyNanos);
      Bytes.putShort(bytes, at + 34, name.length);
      System.arraycopy(name, 0, bytes, at + FIXED_BYTES, name.length);
    }

    private static Base parse(byte[] body) {
      atLeast(body, FIXED_BYTES);
      exactly(body, FIXED_BYTES + Bytes.getShort(body, 34));
      return new Base(
          Bytes.getLong(body, 0),
          Bytes.getShort(body, 8),
          Bytes.getInt(body, 10),
          Bytes.getLong(body, 14),
          Bytes.getLong(body, 22),
          Bytes.getInt(body, 30),
          Arrays.copyOfRange(body, FIXED_BYTES, body.length));
    }
  }

  /**
   * What an inode that stays is now; its content that changed and all its attributes follow.
   *
   * @param ordinal of its {@link Base} record
   * @param sizeBytes of a regular file, else 0
   */
  record Change(
      long ordinal,
      int mode,
      int uid,
      int gid,
      long sizeBytes,
      long modifySeconds,
      int modifyNanos,
      long accessSeconds,
      int accessNanos)
      implements TreeRecord {
    private static final int BODY_BYTES = 52;

    @Override
    public int type() {
      return RECORD_CHANGE;
    }

    @Override
    public int bodyBytes() {
      return BODY_BYTES;
    }

    @Override
    public void put(byte[] bytes, int at) {
      Bytes.putLong(bytes, at, ordinal);
      Bytes.putInt(bytes, at + 8, mode);
      Bytes.putInt(bytes, at + 12, uid);
      Bytes.putInt(bytes, at + 16, gid);
      Bytes.putLong(bytes, at + 20, sizeBytes);
      Bytes.putLong(bytes, at + 28, modifySeconds);
      Bytes.putInt(bytes, at + 36, modifyNanos);
      Bytes.putLong(bytes, at + 40, accessSeconds);
      Bytes.putInt(bytes, at + 48, accessNanos);
    }

    private static Change parse(byte[] body) {
      exactly(body, BODY_BYTES);
      return new Change(
          Bytes.getLong(body, 0),
          Bytes.getInt(body, 8),
          Bytes.getInt(body, 12),
          Bytes.getInt(body, 16),
          Bytes.getLong(body, 20),
          Bytes.getLong(body, 28),
          Bytes.getInt(body, 36),
          Bytes.getLong(body, 40),
          Bytes.getInt(body, 48));
    }

    /** As the record of a new inode without a name. */
    Inode asInode() {
      return new Inode(
          0,
          mode,
          uid,
          gid,
          0,
          1,
          sizeBytes,
          modifySeconds,
          modifyNanos,
          accessSeconds,
          accessNanos,
          Bytes.EMPTY,
          Bytes.EMPTY);
    }
  }

  /** A range of the changed file before that is a hole now. */
  record Hole(long offset, long length) implements TreeRecord {
    private static final int BODY_BYTES = 16;

    @Override
    public int type() {
      return RECORD_HOLE;
    }

    @Override
    public int bodyBytes() {
      return BODY_BYTES;
    }

    @Override
    public void put(byte[] bytes, int at) {
      Bytes.putLong(bytes, at, offset);
      Bytes.putLong(bytes, at + 8, length);
    }

    private static Hole parse(byte[] body) {
      exactly(body, BODY_BYTES);
      return new Hole(Bytes.getLong(body, 0), Bytes.getLong(body, 8));
    }
  }

  private static void atLeast(byte[] body, int length) {
    if (body.length < length) {
      throw new IllegalArgumentException("a record is too short");
    }
  }

  private static void exactly(byte[] body, long length) {
    if (body.length != length) {
      throw new IllegalArgumentException("a record's length does not fit its fields");
    }
  }
}
