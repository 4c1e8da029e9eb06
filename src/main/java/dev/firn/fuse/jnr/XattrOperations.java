package dev.firn.fuse.jnr;

import dev.firn.fuse.XattrNames;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileSystem;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/**
 * Callbacks on extended attributes. Getting and listing with a size of 0 asks for the size needed;
 * with too small a size it is an error.
 */
final class XattrOperations {
  private final FileSystem fileSystem;
  private final Paths paths;

  XattrOperations(FileSystem fileSystem, Paths paths) {
    this.fileSystem = fileSystem;
    this.paths = paths;
  }

  int setxattr(long path, long name, long value, long sizeBytes, int flags) throws IOException {
    byte[] attribute = NativeMemory.string(name);
    XattrNames.requireNamespace(attribute);
    byte[] bytes = NativeMemory.bytes(value, (int) sizeBytes);
    fileSystem.setXattr(paths.inode(path), attribute, bytes, flags);
    return 0;
  }

  int getxattr(long path, long name, long buffer, long sizeBytes) throws IOException {
    byte[] attribute = NativeMemory.string(name);
    XattrNames.requireNamespace(attribute);
    return answer(fileSystem.getXattr(paths.inode(path), attribute), buffer, sizeBytes);
  }

  int listxattr(long path, long buffer, long sizeBytes) throws IOException {
    ByteArrayOutputStream names = new ByteArrayOutputStream();
    for (byte[] name : fileSystem.listXattrs(paths.inode(path))) {
      names.write(name);
      names.write(0);
    }
    return answer(names.toByteArray(), buffer, sizeBytes);
  }

  int removexattr(long path, long name) throws IOException {
    fileSystem.removeXattr(paths.inode(path), NativeMemory.string(name));
    return 0;
  }

  private static int answer(byte[] value, long buffer, long sizeBytes) throws IOException {
    if (sizeBytes == 0) {
      return value.length;
    }
    if (value.length > sizeBytes) {
      throw new ErrnoException(Errno.ERANGE);
    }
    NativeMemory.putBytes(buffer, value);
    return value.length;
  }
}
