package dev.firn.fuse.jnr;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.Type;
import dev.firn.vfs.DirectoryEntry;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.Handles;
import java.io.IOException;
import java.util.List;

/**
 * Callbacks on open directories. A listing is handed to libfuse entry by entry with the file
 * system's own cookies as offsets, so that it streams: libfuse asks again where its buffer (the
 * kernel's, 4 KiB as a rule) was full.
 */
final class DirectoryOperations {
  /** libfuse's fuse_fill_dir_t: the listing, a name, a struct stat, the next offset. */
  private static final CallContext FILLER =
      new CallContext(Type.SINT32, Type.POINTER, Type.POINTER, Type.POINTER, Type.SINT64);

  /** The shortest entry takes 32 bytes of a 4 KiB page. */
  private static final int ENTRIES_AT_ONCE = 128;

  private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

  private final FileSystem fileSystem;
  private final Paths paths;
  private final Handles<OpenDirectory> directories = new Handles<>();

  DirectoryOperations(FileSystem fileSystem, Paths paths) {
    this.fileSystem = fileSystem;
    this.paths = paths;
  }

  /** libfuse lets one thread at a time list a handle. */
  private static final class OpenDirectory {
    final long inode;
    long handle;
    boolean started;

    /** What the last call fetched but could not hand over, from {@code next} on. */
    List<DirectoryEntry> fetched = List.of();

    int next;
    long cookie;

    OpenDirectory(long inode, long handle) {
      this.inode = inode;
      this.handle = handle;
    }
  }

  /** Native memory for one name and one struct stat, as long as its thread lives. */
  private static final class Scratch {
    final long name = NativeMemory.allocate(FileSystem.NAME_BYTES_MAX + 1L);
    final long stat = NativeMemory.allocate(AttributesWriter.current().statBytes());

    void free() {
      NativeMemory.free(name);
      NativeMemory.free(stat);
    }
  }

  int opendir(long path, long information) throws IOException {
    long inode = paths.inode(path);
    long handle = fileSystem.openDirectory(inode);
    FileInformation.setHandle(information, directories.add(new OpenDirectory(inode, handle)));
    return 0;
  }

  int readdir(long path, long listing, long filler, long offset, long information)
      throws IOException {
    OpenDirectory directory = directories.get(FileInformation.handle(information));
    if (offset == 0) {
      rewind(directory);
    }
    if (offset != directory.cookie) {
      directory.fetched = List.of();
      directory.next = 0;
      directory.cookie = offset;
    }
    Scratch scratch = SCRATCH.get();
    while (true) {
      if (directory.next == directory.fetched.size()) {
        directory.fetched =
            fileSystem.readDirectory(directory.handle, directory.cookie, ENTRIES_AT_ONCE);
        directory.next = 0;
        if (directory.fetched.isEmpty()) {
          return 0;
        }
      }
      DirectoryEntry entry = directory.fetched.get(directory.next);
      if (!fill(scratch, filler, listing, entry)) {
        return 0;
      }
      directory.next++;
      directory.cookie = entry.cookie();
    }
  }

  int releasedir(long path, long information) throws IOException {
    fileSystem.releaseDirectory(directories.remove(FileInformation.handle(information)).handle);
    return 0;
  }

  int fsyncdir(long path, int dataOnly, long information) throws IOException {
    fileSystem.sync(directories.get(FileInformation.handle(information)).inode);
    return 0;
  }

  /** For the end, see {@link FileOperations#releaseAll}. */
  void releaseAll() throws IOException {
    for (OpenDirectory directory : directories.all()) {
      fileSystem.releaseDirectory(directory.handle);
    }
  }

  /** Frees what this thread needed for listings; to be called when the thread ends. */
  static void freeThread() {
    SCRATCH.get().free();
    SCRATCH.remove();
  }

  /** rewinddir(3) must show what was made or removed since; a handle's listing never changes. */
  private void rewind(OpenDirectory directory) throws IOException {
    if (directory.started) {
      long fresh = fileSystem.openDirectory(directory.inode);
      fileSystem.releaseDirectory(directory.handle);
      directory.handle = fresh;
      directory.cookie = 0;
      directory.fetched = List.of();
      directory.next = 0;
    }
    directory.started = true;
  }

  /** False when libfuse's buffer is full. */
  private static boolean fill(Scratch scratch, long filler, long listing, DirectoryEntry entry) {
    NativeMemory.putString(scratch.name, entry.name());
    AttributesWriter.current().writeStat(scratch.stat, entry);
    return Invoker.getInstance()
            .invokeN4(FILLER, filler, listing, scratch.name, scratch.stat, entry.cookie())
        == 0;
  }
}
