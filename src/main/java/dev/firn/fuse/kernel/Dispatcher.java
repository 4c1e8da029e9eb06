package dev.firn.fuse.kernel;

import dev.firn.fuse.FaultLog;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileSystem;
import java.io.IOException;

/**
 * Gives each request to what answers it. Whatever happens there becomes an answer: a thread that
 * died of a fault would leave its caller waiting for good. Faults answer EIO and are logged once
 * for each kind, since a broken disk would fail thousands of times.
 *
 * <p>What is not handled answers ENOSYS, on purpose; the kernel remembers that and does not ask
 * again: FLUSH (nothing to do, since closing brings changed pages back by itself), GETLK, SETLK and
 * SETLKW (the kernel keeps locks itself), BMAP, POLL, SETUPMAPPING and REMOVEMAPPING (for devices
 * that Firn is none of).
 */
final class Dispatcher {
  /** What a handler returns when the kernel wants no answer. */
  static final int NO_ANSWER = Integer.MIN_VALUE;

  private final FileSystem fileSystem;
  private final OpenForWriting openForWriting;
  private final NameRequests names;
  private final AttributeRequests attributes;
  private final FileRequests files;
  private final DirectoryRequests directories;
  private final XattrRequests xattrs;
  private final FaultLog faults;

  Dispatcher(
      FileSystem fileSystem,
      Negotiation negotiation,
      OpenForWriting openForWriting,
      Notifier notifier,
      FetchAhead fetchAhead,
      FaultLog faults) {
    this.fileSystem = fileSystem;
    this.openForWriting = openForWriting;
    this.faults = faults;
    names = new NameRequests(fileSystem, negotiation, fetchAhead);
    attributes = new AttributeRequests(fileSystem);
    files = new FileRequests(fileSystem, names, openForWriting, notifier, fetchAhead);
    directories = new DirectoryRequests(fileSystem);
    xattrs = new XattrRequests(fileSystem, negotiation);
  }

  /**
   * To be called once for each request, before anything else: what opens later has no bytes that an
   * answer to this one must know of.
   */
  void received(Request request) {
    request.setWritesBackFirst(
        request.opcode() == Opcode.LSEEK && openForWriting.contains(request.node()));
  }

  /**
   * Whether a request may wait for the disk for long, or for other requests: it must not take the
   * last thread that could serve those.
   */
  boolean maySleep(Request request) {
    return isSync(request) || maySleepLong(request);
  }

  /** Whether the answer is the same for all who ask at a time, and has no body. */
  static boolean isSync(Request request) {
    return request.opcode() == Opcode.FSYNC || request.opcode() == Opcode.FSYNCDIR;
  }

  /**
   * Of those that may sleep, the ones whose time says nothing of the next one's, or which may wait
   * for other requests: who serves them must not be the one who watches for more. What an fsync
   * waits for never waits for a request.
   */
  boolean maySleepLong(Request request) {
    return switch (request.opcode()) {
      case Opcode.SYNCFS, Opcode.FALLOCATE, Opcode.COPY_FILE_RANGE, Opcode.COPY_FILE_RANGE_64 ->
          true;
      case Opcode.LSEEK -> request.writesBackFirst();
      case Opcode.MKDIR, Opcode.RMDIR -> fileSystem.changesUnseen(request.node());
      default -> false;
    };
  }

  /** The length of the answer's body, an error number below 0, or {@link #NO_ANSWER}. */
  int answer(Request request) {
    try {
      return handle(request);
    } catch (Throwable thrown) {
      int answer = answerTo(request.opcode(), thrown);
      return isForget(request.opcode()) ? NO_ANSWER : answer;
    }
  }

  /** The same for all syncs that were asked for before, of whatever files. */
  int answerSyncs() {
    try {
      fileSystem.syncAll();
      return 0;
    } catch (Throwable thrown) {
      return answerTo(Opcode.FSYNC, thrown);
    }
  }

  private int answerTo(int opcode, Throwable thrown) {
    return faults.answer(thrown, () -> "request " + opcode);
  }

  private static boolean isForget(int opcode) {
    return opcode == Opcode.FORGET || opcode == Opcode.BATCH_FORGET;
  }

  private int handle(Request request) throws IOException {
    return switch (request.opcode()) {
      case Opcode.LOOKUP -> names.lookup(request);
      case Opcode.FORGET -> names.forget(request);
      case Opcode.BATCH_FORGET -> names.forgetAll(request);
      case Opcode.GETATTR -> attributes.getattr(request);
      case Opcode.SETATTR -> attributes.setattr(request);
      case Opcode.STATX -> attributes.statx(request);
      case Opcode.STATFS -> attributes.statfs(request);
      case Opcode.READLINK -> names.readlink(request);
      case Opcode.SYMLINK -> names.symlink(request);
      case Opcode.MKNOD -> names.mknod(request);
      case Opcode.MKDIR -> names.mkdir(request);
      case Opcode.UNLINK -> names.unlink(request);
      case Opcode.RMDIR -> names.rmdir(request);
      case Opcode.RENAME -> names.rename(request);
      case Opcode.RENAME2 -> names.rename2(request);
      case Opcode.LINK -> names.link(request);
      case Opcode.OPEN -> files.open(request);
      case Opcode.CREATE -> files.create(request);
      case Opcode.TMPFILE -> files.createTemporary(request);
      case Opcode.READ -> files.read(request);
      case Opcode.WRITE -> files.write(request);
      case Opcode.RELEASE -> files.release(request);
      case Opcode.FSYNC -> files.fsync(request);
      case Opcode.FALLOCATE -> files.fallocate(request);
      case Opcode.LSEEK -> files.lseek(request);
      case Opcode.COPY_FILE_RANGE -> files.copyFileRange(request);
      case Opcode.COPY_FILE_RANGE_64 -> files.copyFileRange64(request);
      case Opcode.OPENDIR -> directories.opendir(request);
      case Opcode.READDIR -> directories.readdir(request);
      case Opcode.READDIRPLUS -> directories.readdirplus(request);
      case Opcode.RELEASEDIR -> directories.releasedir(request);
      case Opcode.FSYNCDIR -> directories.fsyncdir(request);
      case Opcode.SETXATTR -> xattrs.setxattr(request);
      case Opcode.GETXATTR -> xattrs.getxattr(request);
      case Opcode.LISTXATTR -> xattrs.listxattr(request);
      case Opcode.REMOVEXATTR -> xattrs.removexattr(request);
      case Opcode.SYNCFS, Opcode.DESTROY -> files.syncfs(request);
      // With default_permissions the kernel decides by itself.
      case Opcode.ACCESS -> 0;
      // Nothing here waits for somebody who might not come: it answers by itself soon enough.
      case Opcode.INTERRUPT, Opcode.NOTIFY_REPLY -> NO_ANSWER;
      // Programs ask whether a file has this or that; "not a terminal" is the way to say no.
      case Opcode.IOCTL -> throw new ErrnoException(Errno.ENOTTY);
      default -> throw new ErrnoException(Errno.ENOSYS);
    };
  }
}
