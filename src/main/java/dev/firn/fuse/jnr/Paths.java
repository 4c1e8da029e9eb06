package dev.firn.fuse.jnr;

import dev.firn.vfs.Attributes;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.util.Arrays;

/**
 * Finds the inodes that libfuse's paths mean, name by name from the root. Nothing is kept between
 * calls, so nothing can be out of date. Safe for concurrent use.
 */
final class Paths {
  /** A name in a directory; the name need not exist. */
  record Place(long parent, byte[] name) {}

  private final FileSystem fileSystem;
  private final HiddenFiles hidden;

  Paths(FileSystem fileSystem, HiddenFiles hidden) {
    this.fileSystem = fileSystem;
    this.hidden = hidden;
  }

  /** The inode behind the NUL-terminated path at an address. */
  long inode(long pathAddress) throws IOException {
    byte[] path = NativeMemory.string(pathAddress);
    if (isRoot(path)) {
      return FileSystem.ROOT_INODE;
    }
    Place place = place(path);
    long hiddenInode = hidden.find(place.parent, place.name);
    return hiddenInode != 0 ? hiddenInode : fileSystem.lookup(place.parent, place.name).inode();
  }

  /** The attributes of what the NUL-terminated path at an address leads to. */
  Attributes attributes(long pathAddress) throws IOException {
    byte[] path = NativeMemory.string(pathAddress);
    if (isRoot(path)) {
      return fileSystem.getAttributes(FileSystem.ROOT_INODE);
    }
    Place place = place(path);
    long hiddenInode = hidden.find(place.parent, place.name);
    if (hiddenInode == 0) {
      return fileSystem.lookup(place.parent, place.name);
    }
    if (Request.current().opcode() == Request.LOOKUP) {
      // A user guessed the made-up name: it is in no directory.
      throw new ErrnoException(Errno.ENOENT);
    }
    return withHiddenLink(fileSystem.getAttributes(hiddenInode));
  }

  /**
   * libfuse believes that its made-up name is a link, and takes one from the count when it answers
   * GETATTR.
   */
  static Attributes withHiddenLink(Attributes attributes) {
    return Request.current().opcode() == Request.GETATTR
        ? AttributesWriter.withLinkCount(attributes, attributes.linkCount() + 1)
        : attributes;
  }

  Place place(long pathAddress) throws IOException {
    return place(NativeMemory.string(pathAddress));
  }

  private Place place(byte[] path) throws IOException {
    long parent = FileSystem.ROOT_INODE;
    int start = 1;
    for (int i = 1; i < path.length; i++) {
      if (path[i] == '/') {
        parent = fileSystem.lookup(parent, Arrays.copyOfRange(path, start, i)).inode();
        start = i + 1;
      }
    }
    return new Place(parent, Arrays.copyOfRange(path, start, path.length));
  }

  /** The root is "/"; no other path ends in a slash. */
  private static boolean isRoot(byte[] path) {
    return path.length <= 1;
  }
}
