package dev.firn.fuse;

import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import java.nio.charset.StandardCharsets;

/** Which names of extended attributes Linux's own file systems know: xattr(7). */
public final class XattrNames {
  private static final String[] PREFIXES = {"user.", "trusted.", "security.", "system.posix_acl_"};

  private XattrNames() {}

  /** Throws EOPNOTSUPP for a name of no name space: the kernel lets FUSE file systems decide. */
  public static void requireNamespace(byte[] name) throws ErrnoException {
    String text = new String(name, StandardCharsets.ISO_8859_1);
    for (String prefix : PREFIXES) {
      if (text.startsWith(prefix)) {
        return;
      }
    }
    throw new ErrnoException(Errno.EOPNOTSUPP);
  }
}
