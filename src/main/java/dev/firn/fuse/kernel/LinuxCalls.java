package dev.firn.fuse.kernel;

import jnr.constants.platform.Errno;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;

/**
 * The system calls of this package, as 64-bit Linux has them. Addresses are numbers. What fails
 * answers -1, and {@link #lastError} says why.
 */
final class LinuxCalls {
  static final int O_RDWR = 2;
  static final int O_NONBLOCK = 04000;
  static final int O_CLOEXEC = 02000000;
  static final int F_SETFL = 4;

  /** Of the C library. Public for jnr-ffi, which implements it at run time. */
  public interface LibC {
    int open(byte[] path, int flags);

    int openat(int directory, byte[] path, int flags);

    int close(int fd);

    int syncfs(int fd);

    long syscall(long number, long first, byte[] second, long third);

    long read(int fd, long buffer, long sizeBytes);

    long write(int fd, long buffer, long sizeBytes);

    int ioctl(int fd, long request, long argument);

    int mount(byte[] source, byte[] target, byte[] type, long flags, byte[] data);

    int socketpair(int domain, int type, int protocol, int[] fds);

    long recvmsg(int fd, long message, int flags);

    int fcntl(int fd, int command, int argument);

    int poll(long descriptors, long count, int timeoutMillis);

    int pipe2(int[] fds, int flags);

    int posix_spawn_file_actions_init(long actions);

    int posix_spawn_file_actions_adddup2(long actions, int fd, int newFd);

    int posix_spawn_file_actions_destroy(long actions);

    int posix_spawnp(
        int[] pid, byte[] file, long actions, long attributes, long arguments, long environment);

    int waitpid(int pid, int[] status, int options);
  }

  static final LibC LIBC = LibraryLoader.create(LibC.class).load("c");

  private LinuxCalls() {}

  /** Why the last call of this thread failed. */
  static Errno lastError() {
    return Errno.valueOf(Runtime.getSystemRuntime().getLastError());
  }
}
