package dev.firn.fuse.kernel;

import dev.firn.vfs.Attributes;
import dev.firn.vfs.DirectoryEntry;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Requests about names. Every answer that tells the kernel of an inode is preceded by {@link
 * FileSystem#remember}, and the kernel's FORGETs take exactly those back. Whether an answer reaches
 * the kernel need not be looked at: it does, or the mount has ended, and all is forgotten.
 *
 * <p>An inode cannot go between its look-up and that: who takes its name away holds the directory's
 * lock in the kernel.
 */
final class NameRequests {
  private static final byte[] DEFAULT_ACL =
      "system.posix_acl_default".getBytes(StandardCharsets.US_ASCII);

  private final FileSystem fileSystem;
  private final Negotiation negotiation;
  private final FetchAhead fetchAhead;

  NameRequests(FileSystem fileSystem, Negotiation negotiation, FetchAhead fetchAhead) {
    this.fileSystem = fileSystem;
    this.negotiation = negotiation;
    this.fetchAhead = fetchAhead;
  }

  int lookup(Request request) throws IOException {
    long parent = request.node();
    byte[] name = request.nameAt(0);
    if (name.length == 1 && name[0] == '.') {
      // By this a kernel asks for an inode by its number, of whatever type: for an NFS server.
      return known(request, parent, fileSystem.getAttributes(parent));
    }
    Attributes found;
    try {
      found = fileSystem.lookup(parent, name);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENOENT && !fileSystem.changesUnseen(parent)) {
        return Structures.noEntry(request, 0);
      }
      throw e;
    }
    int length = known(request, parent, found);
    if (!DirectoryEntry.isDots(name) && !fileSystem.changesUnseen(parent)) {
      fetchAhead.lookedUp(parent, name);
    }
    return length;
  }

  int forget(Request request) throws IOException {
    forget(request.node(), request.longAt(0));
    return Dispatcher.NO_ANSWER;
  }

  /** u32 count, u32 0, then u64 node and u64 look-ups each. */
  int forgetAll(Request request) throws IOException {
    int count = request.intAt(0);
    for (int i = 0; i < count; i++) {
      forget(request.longAt(8 + 16 * i), request.longAt(16 + 16 * i));
    }
    return Dispatcher.NO_ANSWER;
  }

  private void forget(long inode, long lookups) throws IOException {
    if (inode != FileSystem.ROOT_INODE && lookups > 0) {
      fileSystem.forget(inode, lookups);
    }
  }

  /** u32 mode, u32 device, u32 umask, u32 0, name. */
  int mknod(Request request) throws IOException {
    long parent = request.node();
    Attributes made =
        fileSystem.makeNode(
            parent,
            request.nameAt(16),
            masked(parent, request.intAt(0), request.intAt(8)),
            request.intAt(4),
            request.uid(),
            request.gid());
    return known(request, parent, made);
  }

  /** u32 mode, u32 umask, name. */
  int mkdir(Request request) throws IOException {
    long parent = request.node();
    Attributes made =
        fileSystem.makeDirectory(
            parent,
            request.nameAt(8),
            masked(parent, request.intAt(0), request.intAt(4)),
            request.uid(),
            request.gid());
    return known(request, parent, made);
  }

  /** Name, target. */
  int symlink(Request request) throws IOException {
    long parent = request.node();
    byte[] name = request.nameAt(0);
    byte[] target = request.nameAt(name.length + 1);
    Attributes made =
        fileSystem.makeSymbolicLink(parent, name, target, request.uid(), request.gid());
    return known(request, parent, made);
  }

  /** u64 inode, new name. */
  int link(Request request) throws IOException {
    long parent = request.node();
    return known(request, parent, fileSystem.link(request.longAt(0), parent, request.nameAt(8)));
  }

  int readlink(Request request) throws IOException {
    byte[] target = fileSystem.readLink(request.node());
    request.putBytes(0, target);
    return target.length;
  }

  int unlink(Request request) throws IOException {
    fileSystem.unlink(request.node(), request.nameAt(0));
    return 0;
  }

  int rmdir(Request request) throws IOException {
    fileSystem.removeDirectory(request.node(), request.nameAt(0));
    return 0;
  }

  /** u64 new directory, name, new name. */
  int rename(Request request) throws IOException {
    return rename(request, 8, 0);
  }

  /** u64 new directory, u32 flags, u32 0, name, new name. */
  int rename2(Request request) throws IOException {
    return rename(request, 16, request.intAt(8));
  }

  private int rename(Request request, int namesAt, int flags) throws IOException {
    byte[] name = request.nameAt(namesAt);
    byte[] newName = request.nameAt(namesAt + name.length + 1);
    fileSystem.rename(request.node(), name, request.longAt(0), newName, flags);
    return 0;
  }

  /** Makes a regular file for CREATE; the caller opens it. */
  Attributes create(Request request, int mode, int umask, byte[] name) throws IOException {
    long parent = request.node();
    int regular = FileMode.REGULAR | mode & FileMode.PERMISSION_MASK;
    Attributes made =
        fileSystem.makeNode(
            parent, name, masked(parent, regular, umask), 0, request.uid(), request.gid());
    fileSystem.remember(made.inode());
    return made;
  }

  /** Makes a file without a name for TMPFILE; it is remembered. */
  Attributes makeTemporary(Request request, int mode, int umask) throws IOException {
    long parent = request.node();
    return fileSystem.makeTemporary(
        parent,
        masked(parent, mode & FileMode.PERMISSION_MASK, umask),
        request.uid(),
        request.gid());
  }

  /** A default access control list takes the umask's place, where the mount has lists at all. */
  private int masked(long parent, int mode, int umask) throws IOException {
    int kept = mode & ~(umask & 0777);
    if (kept == mode || !negotiation.has(InitFlags.POSIX_ACL)) {
      return kept;
    }
    try {
      fileSystem.getXattr(parent, DEFAULT_ACL);
      return mode;
    } catch (ErrnoException e) {
      return kept;
    }
  }

  private int known(Request request, long parent, Attributes attributes) {
    fileSystem.remember(attributes.inode());
    return Structures.entry(request, 0, fileSystem, parent, attributes);
  }
}
