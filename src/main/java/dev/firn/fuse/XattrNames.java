package dev.firn.fuse;

import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import java.nio.charset.StandardCharsets;

/** Which names of extended attributes Linux's own file systems know: xattr(7). */
public final class XattrNames {
  private static final String ACCESS_CONTROL_LIST = "system.posix_acl_";
  private static final String[] PREFIXES = {"user.", "trusted.", "security.", ACCESS_CONTROL_LIST};

  private XattrNames() {}

  /** Throws EOPNOTSUPP for a name of no name space: the kernel lets FUSE file systems decide. */
  public static void requireNamespace(byte[] name) throws ErrnoException {
    String text = text(name);
    for (String prefix : PREFIXES) {
      if (text.startsWith(prefix)) {
        return;
      }
    }
    throw new ErrnoException(Errno.EOPNOTSUPP);
  }

  /** Whether an attribute is one of a file's POSIX access control lists. */
  public static boolean isAccessControlList(byte[] name) {
    return text(name).startsWith(ACCESS_CONTROL_LIST);
  }

  private static String text(byte[] name) {
    return new String(name, StandardCharsets.ISO_8859_1);
  }
}
