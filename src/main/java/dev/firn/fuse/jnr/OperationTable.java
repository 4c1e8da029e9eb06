package dev.firn.fuse.jnr;

import dev.firn.fuse.jnr.NativeCallbacks.L;
import dev.firn.fuse.jnr.NativeCallbacks.LI;
import dev.firn.fuse.jnr.NativeCallbacks.LII;
import dev.firn.fuse.jnr.NativeCallbacks.LIL;
import dev.firn.fuse.jnr.NativeCallbacks.LILLL;
import dev.firn.fuse.jnr.NativeCallbacks.LL;
import dev.firn.fuse.jnr.NativeCallbacks.LLL;
import dev.firn.fuse.jnr.NativeCallbacks.LLLL;
import dev.firn.fuse.jnr.NativeCallbacks.LLLLI;
import dev.firn.fuse.jnr.NativeCallbacks.LLLLL;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import jnr.ffi.BaseStruct;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.Struct;
import jnr.ffi.provider.ParameterFlags;
import ru.serce.jnrfuse.struct.FuseOperations;

/**
 * libfuse's struct fuse_operations for one mount. The layout is jnr-fuse's; the callbacks are our
 * own, see {@link NativeCallbacks}. What is not set answers ENOSYS: flush among them, after which
 * the kernel stops asking, and lock and flock, which the kernel then does by itself.
 */
final class OperationTable {
  /** Bits of the flag word: callbacks with a handle take no path where there is none. */
  private static final int FLAG_NULL_PATH_OK = 1;

  /** utimens knows UTIME_NOW and UTIME_OMIT. */
  private static final int FLAG_UTIME_OMIT_OK = 4;

  private final Runtime runtime = Runtime.getSystemRuntime();
  private final FuseOperations table = new FuseOperations(runtime);
  private final Pointer memory = Struct.getMemory(table, ParameterFlags.DIRECT);

  /** jnr-ffi frees a callback's native code when nothing else holds the object. */
  private final List<Object> callbacks = new ArrayList<>();

  private final Guard guard;
  private final FileOperations files;
  private final DirectoryOperations directories;
  private final NamelessRequests nameless;

  /**
   * @param initialized runs when the kernel's first request arrives
   */
  OperationTable(FileSystem fileSystem, String mountName, Runnable initialized) {
    guard = new Guard(mountName);
    HiddenFiles hidden = new HiddenFiles();
    Paths paths = new Paths(fileSystem, hidden);
    files = new FileOperations(fileSystem, paths, hidden);
    directories = new DirectoryOperations(fileSystem, paths);
    nameless = new NamelessRequests(fileSystem, hidden, guard);
    // The flags are one word of bit fields behind bmap; jnr-fuse takes them for bytes.
    memory.putInt(table.bmap.offset() + Long.BYTES, FLAG_NULL_PATH_OK | FLAG_UTIME_OMIT_OK);
    set(
        table.init,
        NativeCallbacks.Init.class,
        connection -> {
          initialized.run();
          return 0;
        });
    setNames(new NameOperations(fileSystem, paths, hidden));
    setFiles();
    setDirectories();
    setXattrs(new XattrOperations(fileSystem, paths));
  }

  long address() {
    return memory.address();
  }

  long sizeBytes() {
    return Struct.size(table);
  }

  /** To be called with each request before libfuse handles it. */
  void prepare(Request request) {
    guard.answer(
        "prepare",
        () -> {
          nameless.prepare(request);
          return 0;
        });
  }

  /** Releases what the kernel still had open when the mount ended. */
  void releaseAll() throws IOException {
    files.releaseAll();
    directories.releaseAll();
  }

  private void setNames(NameOperations names) {
    set(
        table.getattr,
        LL.class,
        (path, stat) -> answer("getattr", () -> names.getattr(path, stat)));
    set(
        table.readlink,
        LLL.class,
        (path, buffer, size) -> answer("readlink", () -> names.readlink(path, buffer, size)));
    set(
        table.mknod,
        LIL.class,
        (path, mode, device) -> answer("mknod", () -> names.mknod(path, mode, device)));
    set(table.mkdir, LI.class, (path, mode) -> answer("mkdir", () -> names.mkdir(path, mode)));
    set(table.unlink, L.class, path -> answer("unlink", () -> names.unlink(path)));
    set(table.rmdir, L.class, path -> answer("rmdir", () -> names.rmdir(path)));
    set(
        table.symlink,
        LL.class,
        (target, path) -> answer("symlink", () -> names.symlink(target, path)));
    set(table.rename, LL.class, (from, to) -> answer("rename", () -> names.rename(from, to)));
    set(table.link, LL.class, (from, to) -> answer("link", () -> names.link(from, to)));
    set(table.chmod, LI.class, (path, mode) -> answer("chmod", () -> names.chmod(path, mode)));
    set(
        table.chown,
        LII.class,
        (path, uid, gid) -> answer("chown", () -> names.chown(path, uid, gid)));
    set(
        table.truncate,
        LL.class,
        (path, size) -> answer("truncate", () -> names.truncate(path, size)));
    set(
        table.utimens,
        LL.class,
        (path, times) -> answer("utimens", () -> names.utimens(path, times)));
    set(
        table.statfs,
        LL.class,
        (path, status) -> answer("statfs", () -> names.statfs(path, status)));
  }

  private void setFiles() {
    set(
        table.create,
        LIL.class,
        (path, mode, info) -> answer("create", () -> files.create(path, mode, info)));
    set(table.open, LL.class, (path, info) -> answer("open", () -> files.open(path, info)));
    set(
        table.release,
        LL.class,
        (path, info) -> answer("release", () -> files.release(path, info)));
    set(
        table.read,
        LLLLL.class,
        (path, buffer, size, offset, info) ->
            answer("read", () -> files.read(path, buffer, size, offset, info)));
    set(
        table.write,
        LLLLL.class,
        (path, buffer, size, offset, info) ->
            answer("write", () -> files.write(path, buffer, size, offset, info)));
    set(
        table.fsync,
        LIL.class,
        (path, dataOnly, info) -> answer("fsync", () -> files.fsync(path, dataOnly, info)));
    set(
        table.ftruncate,
        LLL.class,
        (path, size, info) -> answer("ftruncate", () -> files.ftruncate(path, size, info)));
    set(
        table.fgetattr,
        LLL.class,
        (path, stat, info) -> answer("fgetattr", () -> files.fgetattr(path, stat, info)));
    set(
        table.fallocate,
        LILLL.class,
        (path, mode, offset, length, info) ->
            answer("fallocate", () -> files.fallocate(path, mode, offset, length, info)));
  }

  private void setDirectories() {
    set(
        table.opendir,
        LL.class,
        (path, info) -> answer("opendir", () -> directories.opendir(path, info)));
    set(
        table.readdir,
        LLLLL.class,
        (path, listing, filler, offset, info) ->
            answer("readdir", () -> directories.readdir(path, listing, filler, offset, info)));
    set(
        table.releasedir,
        LL.class,
        (path, info) -> answer("releasedir", () -> directories.releasedir(path, info)));
    set(
        table.fsyncdir,
        LIL.class,
        (path, dataOnly, info) ->
            answer("fsyncdir", () -> directories.fsyncdir(path, dataOnly, info)));
  }

  private void setXattrs(XattrOperations xattrs) {
    set(
        table.setxattr,
        LLLLI.class,
        (path, name, value, size, flags) ->
            answer("setxattr", () -> xattrs.setxattr(path, name, value, size, flags)));
    set(
        table.getxattr,
        LLLL.class,
        (path, name, buffer, size) ->
            answer("getxattr", () -> xattrs.getxattr(path, name, buffer, size)));
    set(
        table.listxattr,
        LLL.class,
        (path, buffer, size) -> answer("listxattr", () -> xattrs.listxattr(path, buffer, size)));
    set(
        table.removexattr,
        LL.class,
        (path, name) -> answer("removexattr", () -> xattrs.removexattr(path, name)));
  }

  private int answer(String operation, Guard.Work work) {
    return guard.answer(operation, work);
  }

  private <T> void set(BaseStruct.Func<?> field, Class<T> shape, T callback) {
    callbacks.add(callback);
    memory.putPointer(
        field.offset(), runtime.getClosureManager().getClosurePointer(shape, callback));
  }
}
