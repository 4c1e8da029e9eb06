package dev.firn.fuse.jnr;

import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.SetAttributes;
import dev.firn.vfs.SetAttributes.TimeChange;
import java.io.IOException;
import java.util.Arrays;

/** Callbacks on names and attributes. Each answers 0 or throws; addresses are libfuse's. */
final class NameOperations {
  /** utimensat(2): nanoseconds that mean "now" and "leave it". */
  private static final long UTIME_NOW = (1L << 30) - 1;

  private static final long UTIME_OMIT = (1L << 30) - 2;

  private static final int TIMESPEC_BYTES = 16;
  private static final int TIMESPEC_NANOS_OFFSET = 8;

  private final FileSystem fileSystem;
  private final Paths paths;
  private final HiddenFiles hidden;

  NameOperations(FileSystem fileSystem, Paths paths, HiddenFiles hidden) {
    this.fileSystem = fileSystem;
    this.paths = paths;
    this.hidden = hidden;
  }

  int getattr(long path, long stat) throws IOException {
    AttributesWriter.current().writeStat(stat, paths.attributes(path));
    return 0;
  }

  int readlink(long path, long buffer, long sizeBytes) throws IOException {
    byte[] target = fileSystem.readLink(paths.inode(path));
    // libfuse wants the NUL within the buffer, and a longer target cut.
    int length = (int) Math.min(target.length, sizeBytes - 1);
    NativeMemory.putString(buffer, Arrays.copyOf(target, length));
    return 0;
  }

  int mknod(long path, int mode, long device) throws IOException {
    Paths.Place place = paths.place(path);
    Request request = Request.current();
    int type = (mode & FileMode.TYPE_MASK) == 0 ? FileMode.REGULAR : 0;
    fileSystem.makeNode(
        place.parent(), place.name(), mode | type, (int) device, request.uid(), request.gid());
    return 0;
  }

  int mkdir(long path, int mode) throws IOException {
    Paths.Place place = paths.place(path);
    Request request = Request.current();
    int permissions = mode & FileMode.PERMISSION_MASK;
    fileSystem.makeDirectory(
        place.parent(), place.name(), permissions, request.uid(), request.gid());
    return 0;
  }

  int symlink(long target, long path) throws IOException {
    Paths.Place place = paths.place(path);
    Request request = Request.current();
    fileSystem.makeSymbolicLink(
        place.parent(), place.name(), NativeMemory.string(target), request.uid(), request.gid());
    return 0;
  }

  int link(long path, long newPath) throws IOException {
    Paths.Place place = paths.place(newPath);
    fileSystem.link(paths.inode(path), place.parent(), place.name());
    return 0;
  }

  int unlink(long path) throws IOException {
    Paths.Place place = paths.place(path);
    long hiddenInode = hidden.find(place.parent(), place.name());
    if (hiddenInode == 0) {
      fileSystem.unlink(place.parent(), place.name());
    } else {
      hidden.remove(place.name());
      fileSystem.forget(hiddenInode, 1);
    }
    return 0;
  }

  int rmdir(long path) throws IOException {
    Paths.Place place = paths.place(path);
    fileSystem.removeDirectory(place.parent(), place.name());
    return 0;
  }

  int rename(long path, long newPath) throws IOException {
    Paths.Place from = paths.place(path);
    Paths.Place to = paths.place(newPath);
    if (isHiding(to.name())) {
      hide(from, to);
    } else {
      fileSystem.rename(from.parent(), from.name(), to.parent(), to.name(), 0);
    }
    return 0;
  }

  int chmod(long path, int mode) throws IOException {
    fileSystem.setAttributes(
        paths.inode(path), SetAttributes.mode(mode & FileMode.PERMISSION_MASK));
    return 0;
  }

  /** An id of -1 stays as it is. */
  int chown(long path, int uid, int gid) throws IOException {
    fileSystem.setAttributes(
        paths.inode(path), SetAttributes.owner(uid == -1 ? null : uid, gid == -1 ? null : gid));
    return 0;
  }

  int truncate(long path, long sizeBytes) throws IOException {
    fileSystem.setAttributes(paths.inode(path), SetAttributes.size(sizeBytes));
    return 0;
  }

  int utimens(long path, long times) throws IOException {
    fileSystem.setAttributes(
        paths.inode(path),
        SetAttributes.times(timeChange(times), timeChange(times + TIMESPEC_BYTES)));
    return 0;
  }

  int statfs(long path, long status) throws IOException {
    AttributesWriter.current().writeStatus(status, fileSystem.status());
    return 0;
  }

  private static TimeChange timeChange(long timespec) {
    long nanos = NativeMemory.getLong(timespec + TIMESPEC_NANOS_OFFSET);
    if (nanos == UTIME_OMIT) {
      return null;
    }
    return nanos == UTIME_NOW
        ? TimeChange.NOW
        : TimeChange.at(NativeMemory.getLong(timespec), (int) nanos);
  }

  /**
   * Whether libfuse renames an open file away because its name is about to be removed or replaced.
   * A user's own rename to such a name is told apart by the request.
   */
  private static boolean isHiding(byte[] newName) {
    if (!HiddenFiles.isHiddenName(newName)) {
      return false;
    }
    Request request = Request.current();
    return switch (request.opcode()) {
      case Request.UNLINK -> true;
      case Request.RENAME -> !request.isNewName(newName);
      default -> false;
    };
  }

  /**
   * For a RENAME the name stays for now: libfuse's next callback replaces it, in one step that no
   * crash can divide.
   */
  private void hide(Paths.Place from, Paths.Place to) throws IOException {
    if (hidden.find(from.parent(), from.name()) != 0) {
      throw new ErrnoException(Errno.ENOENT);
    }
    long inode = fileSystem.lookup(from.parent(), from.name()).inode();
    fileSystem.remember(inode);
    if (Request.current().opcode() == Request.UNLINK) {
      try {
        fileSystem.unlink(from.parent(), from.name());
      } catch (IOException | RuntimeException e) {
        fileSystem.forget(inode, 1);
        throw e;
      }
    }
    hidden.add(to.parent(), to.name(), inode);
  }
}
