package dev.firn.fuse.jnr;

import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.Handles;
import dev.firn.vfs.SetAttributes;
import java.io.IOException;

/**
 * Callbacks on open files. The path is 0 where the file has no name any more; the handle leads to
 * the inode.
 */
final class FileOperations {
  private record OpenFile(long inode, long handle) {}

  private final FileSystem fileSystem;
  private final Paths paths;
  private final HiddenFiles hidden;
  private final Handles<OpenFile> files = new Handles<>();

  FileOperations(FileSystem fileSystem, Paths paths, HiddenFiles hidden) {
    this.fileSystem = fileSystem;
    this.paths = paths;
    this.hidden = hidden;
  }

  int create(long path, int mode, long information) throws IOException {
    Paths.Place place = paths.place(path);
    Request request = Request.current();
    int regular = FileMode.REGULAR | (mode & FileMode.PERMISSION_MASK);
    Attributes made =
        fileSystem.makeNode(place.parent(), place.name(), regular, 0, request.uid(), request.gid());
    openInode(made.inode(), information);
    return 0;
  }

  int open(long path, long information) throws IOException {
    long inode = paths.inode(path);
    openInode(inode, information);
    return 0;
  }

  private void openInode(long inode, long information) throws IOException {
    long handle = fileSystem.open(inode, FileInformation.isForWriting(information));
    try {
      if (FileInformation.isTruncating(information)) {
        fileSystem.setAttributes(inode, SetAttributes.size(0));
      }
    } catch (IOException | RuntimeException e) {
      fileSystem.release(handle);
      throw e;
    }
    FileInformation.setHandle(information, files.add(new OpenFile(inode, handle)));
  }

  int release(long path, long information) throws IOException {
    OpenFile file = files.remove(FileInformation.handle(information));
    fileSystem.release(file.handle);
    if (path == 0 && !isOpen(file.inode)) {
      // The directory it was in is gone too: libfuse will not unlink the name it made up.
      int forgotten = hidden.removeInode(file.inode);
      if (forgotten > 0) {
        fileSystem.forget(file.inode, forgotten);
      }
    }
    return 0;
  }

  int read(long path, long buffer, long sizeBytes, long offset, long information)
      throws IOException {
    long inode = inode(information);
    return fileSystem.read(inode, offset, NativeMemory.view(buffer, (int) sizeBytes));
  }

  int write(long path, long buffer, long sizeBytes, long offset, long information)
      throws IOException {
    long inode = inode(information);
    fileSystem.write(inode, offset, NativeMemory.view(buffer, (int) sizeBytes));
    return (int) sizeBytes;
  }

  int fsync(long path, int dataOnly, long information) throws IOException {
    fileSystem.sync(inode(information));
    return 0;
  }

  int ftruncate(long path, long sizeBytes, long information) throws IOException {
    fileSystem.setAttributes(inode(information), SetAttributes.size(sizeBytes));
    return 0;
  }

  int fgetattr(long path, long stat, long information) throws IOException {
    Request request = Request.current();
    if (request.failure() != 0) {
      return request.failure();
    }
    long nameless = request.namelessInode();
    Attributes attributes = fileSystem.getAttributes(nameless != 0 ? nameless : inode(information));
    AttributesWriter.current()
        .writeStat(stat, nameless != 0 ? Paths.withHiddenLink(attributes) : attributes);
    return 0;
  }

  int fallocate(long path, int mode, long offset, long length, long information)
      throws IOException {
    fileSystem.allocate(inode(information), mode, offset, length);
    return 0;
  }

  /** For the end: the kernel drops the last releases when a mount goes away. */
  void releaseAll() throws IOException {
    for (OpenFile file : files.all()) {
      fileSystem.release(file.handle);
    }
    for (long inode : hidden.removeAll()) {
      fileSystem.forget(inode, 1);
    }
  }

  private long inode(long information) throws IOException {
    return files.get(FileInformation.handle(information)).inode;
  }

  private boolean isOpen(long inode) {
    for (OpenFile file : files.all()) {
      if (file.inode == inode) {
        return true;
      }
    }
    return false;
  }
}
