package dev.firn.vfs;

import dev.firn.base.Bytes;

/**
 * POSIX access control lists as Linux keeps them in extended attributes: a version u32, then
 * entries of tag u16, permissions u16, id u32, all little-endian. The rules are those of the
 * kernel's posix_acl.c.
 */
final class PosixAcl {
  static final byte[] ACCESS_NAME = Bytes.utf8("system.posix_acl_access");
  static final byte[] DEFAULT_NAME = Bytes.utf8("system.posix_acl_default");

  private static final int VERSION = 2;
  private static final int HEADER_BYTES = 4;
  private static final int ENTRY_BYTES = 8;
  private static final int USER_OWNER = 0x01;
  private static final int USER = 0x02;
  private static final int GROUP_OWNER = 0x04;
  private static final int GROUP = 0x08;
  private static final int MASK = 0x10;
  private static final int OTHER = 0x20;
  private static final int ACCESS_BITS = 07;

  private final byte[] value;

  private PosixAcl(byte[] value) {
    this.value = value;
  }

  /** A list of one's own to work with; EINVAL if it is none. */
  static PosixAcl parse(byte[] value) throws ErrnoException {
    if (value.length < HEADER_BYTES
        || (value.length - HEADER_BYTES) % ENTRY_BYTES != 0
        || Bytes.getInt(value, 0) != VERSION) {
      throw new ErrnoException(Errno.EINVAL);
    }
    PosixAcl acl = new PosixAcl(value.clone());
    acl.requireValid();
    return acl;
  }

  private void requireValid() throws ErrnoException {
    int once = USER_OWNER | GROUP_OWNER | MASK | OTHER;
    int seen = 0;
    for (int entry = HEADER_BYTES; entry < value.length; entry += ENTRY_BYTES) {
      int tag = tag(entry);
      boolean known = Integer.bitCount(tag) == 1 && tag <= OTHER;
      boolean repeated = (tag & once & seen) != 0;
      // Kernel order: owner, users, group, groups, mask, other.
      boolean ordered = tag >= Integer.highestOneBit(seen);
      if (!known || repeated || !ordered || permissions(entry) > ACCESS_BITS) {
        throw new ErrnoException(Errno.EINVAL);
      }
      seen |= tag;
    }
    int base = USER_OWNER | GROUP_OWNER | OTHER;
    boolean needsMask = (seen & (USER | GROUP)) != 0;
    if (seen != 0 && ((seen & base) != base || (needsMask && (seen & MASK) == 0))) {
      throw new ErrnoException(Errno.EINVAL);
    }
  }

  byte[] value() {
    return value;
  }

  /** No entries: means that there shall be no list. */
  boolean isEmpty() {
    return value.length == HEADER_BYTES;
  }

  /** Whether it says no more than a mode's permission bits can. */
  boolean isMode() {
    for (int entry = HEADER_BYTES; entry < value.length; entry += ENTRY_BYTES) {
      if ((tag(entry) & (USER | GROUP | MASK)) != 0) {
        return false;
      }
    }
    return true;
  }

  /** {@code mode} with the permission bits that this list stands for. */
  int applyTo(int mode) {
    int bits = 0;
    boolean masked = hasMask();
    for (int entry = HEADER_BYTES; entry < value.length; entry += ENTRY_BYTES) {
      if (isClass(tag(entry), masked)) {
        bits |= permissions(entry) << shift(tag(entry));
      }
    }
    return (mode & ~0777) | bits;
  }

  /** Takes over the permission bits of a mode, as chmod does. */
  void setMode(int mode) {
    boolean masked = hasMask();
    for (int entry = HEADER_BYTES; entry < value.length; entry += ENTRY_BYTES) {
      if (isClass(tag(entry), masked)) {
        setPermissions(entry, (mode >> shift(tag(entry))) & ACCESS_BITS);
      }
    }
  }

  /** Makes a default list the access list of a new inode: what its mode lacks is taken away. */
  void limitTo(int mode) {
    boolean masked = hasMask();
    for (int entry = HEADER_BYTES; entry < value.length; entry += ENTRY_BYTES) {
      if (isClass(tag(entry), masked)) {
        setPermissions(entry, permissions(entry) & (mode >> shift(tag(entry))));
      }
    }
  }

  private boolean hasMask() {
    for (int entry = HEADER_BYTES; entry < value.length; entry += ENTRY_BYTES) {
      if (tag(entry) == MASK) {
        return true;
      }
    }
    return false;
  }

  /** Whether an entry is what one of the mode's three classes shows. */
  private static boolean isClass(int tag, boolean masked) {
    return tag == USER_OWNER || tag == OTHER || tag == (masked ? MASK : GROUP_OWNER);
  }

  /** Where a class's bits are in a mode. */
  private static int shift(int tag) {
    return tag == USER_OWNER ? 6 : tag == OTHER ? 0 : 3;
  }

  private int tag(int entry) {
    return Bytes.getShort(value, entry);
  }

  private int permissions(int entry) {
    return Bytes.getShort(value, entry + 2);
  }

  private void setPermissions(int entry, int permissions) {
    Bytes.putShort(value, entry + 2, permissions);
  }
}
