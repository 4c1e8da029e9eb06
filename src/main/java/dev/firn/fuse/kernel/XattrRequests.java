package dev.firn.fuse.kernel;

import dev.firn.fuse.XattrNames;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.SetAttributes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Requests about extended attributes. POSIX access control lists are two of them. */
final class XattrRequests {
  /** In the extended SETXATTR: the list is set by somebody who may not keep set-group-ID. */
  private static final int KILL_SET_GROUP_ID = 1;

  /**
   * Of a file that has none, the answer is that labels are not supported: ls(1) then stops asking,
   * once for each file. A kernel with SELinux answers by itself.
   */
  private static final byte[] SELINUX_LABEL =
      "security.selinux".getBytes(StandardCharsets.US_ASCII);

  private static final int SET_BYTES = 8;
  private static final int SET_EXTENDED_BYTES = 16;

  private final FileSystem fileSystem;
  private final Negotiation negotiation;

  XattrRequests(FileSystem fileSystem, Negotiation negotiation) {
    this.fileSystem = fileSystem;
    this.negotiation = negotiation;
  }

  /** u32 size, u32 flags; extended: u32 flags, u32 0; name, value. */
  int setxattr(Request request) throws IOException {
    boolean extended = negotiation.has(InitFlags.SETXATTR_EXT);
    int nameAt = extended ? SET_EXTENDED_BYTES : SET_BYTES;
    byte[] name = request.nameAt(nameAt);
    requireSupported(name);
    byte[] value = request.bytesAt(nameAt + name.length + 1, request.intAt(0));
    fileSystem.setXattr(request.node(), name, value, request.intAt(4));
    if (extended && (request.intAt(8) & KILL_SET_GROUP_ID) != 0) {
      Attributes attributes = fileSystem.getAttributes(request.node());
      int mode = attributes.mode() & FileMode.PERMISSION_MASK;
      if ((mode & FileMode.SET_GID) != 0) {
        fileSystem.setAttributes(request.node(), SetAttributes.mode(mode & ~FileMode.SET_GID));
      }
    }
    return 0;
  }

  /** u32 size, u32 0, name; of size 0: how long is it? */
  int getxattr(Request request) throws IOException {
    byte[] name = request.nameAt(8);
    requireSupported(name);
    byte[] value;
    try {
      value = fileSystem.getXattr(request.node(), name);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENODATA && Arrays.equals(name, SELINUX_LABEL)) {
        throw new ErrnoException(Errno.EOPNOTSUPP);
      }
      throw e;
    }
    int room = request.intAt(0);
    if (room == 0) {
      return length(request, value.length);
    }
    requireRoom(room, value.length);
    request.putBytes(0, value);
    return value.length;
  }

  /** u32 size, u32 0; of size 0: how long is the list? */
  int listxattr(Request request) throws IOException {
    List<byte[]> names = new ArrayList<>(fileSystem.listXattrs(request.node()));
    if (!negotiation.has(InitFlags.POSIX_ACL)) {
      // They cannot be read either.
      names.removeIf(XattrNames::isAccessControlList);
    }
    int length = names.stream().mapToInt(name -> name.length + 1).sum();
    int room = request.intAt(0);
    if (room == 0) {
      return length(request, length);
    }
    requireRoom(room, length);
    int at = 0;
    for (byte[] name : names) {
      request.putBytes(at, name).putByte(at + name.length, 0);
      at += name.length + 1;
    }
    return length;
  }

  int removexattr(Request request) throws IOException {
    byte[] name = request.nameAt(0);
    requireSupported(name);
    fileSystem.removeXattr(request.node(), name);
    return 0;
  }

  /**
   * Without POSIX_ACL the kernel would hand lists through as attributes like others, and apply none
   * of them.
   */
  private void requireSupported(byte[] name) throws ErrnoException {
    XattrNames.requireNamespace(name);
    if (XattrNames.isAccessControlList(name) && !negotiation.has(InitFlags.POSIX_ACL)) {
      throw new ErrnoException(Errno.EOPNOTSUPP);
    }
  }

  private static int length(Request request, int bytes) {
    request.putInt(0, bytes).putInt(4, 0);
    return Long.BYTES;
  }

  private static void requireRoom(int room, int needed) throws ErrnoException {
    if (needed > room) {
      throw new ErrnoException(Errno.ERANGE);
    }
  }
}
