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

    long syscall(
        long number, long first, long second, long third, long fourth, long fifth, long sixth);

    int eventfd(int value, int flags);

    int sched_setaffinity(int thread, long maskBytes, byte[] mask);

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

  private static final boolean AARCH64 = System.getProperty("os.arch").equals("aarch64");
  private static final long SYS_MMAP = AARCH64 ? 222 : 9;
  private static final long SYS_MUNMAP = AARCH64 ? 215 : 11;
  private static final long SYS_IO_URING_SETUP = 425;
  private static final long SYS_IO_URING_ENTER = 426;

  private LinuxCalls() {}

  /**
   * By its number, since jnr-ffi's binding of the C library's mmap answers EINVAL where this works.
   *
   * @return -1 when it fails
   */
  static long mmap(long sizeBytes, long protection, long flags, int fd, long offset) {
    return LIBC.syscall(SYS_MMAP, 0, sizeBytes, protection, flags, fd, offset);
  }

  static void munmap(long address, long sizeBytes) {
    LIBC.syscall(SYS_MUNMAP, address, sizeBytes, 0, 0, 0, 0);
  }

  /** The ring's descriptor, which is closed in child processes. */
  static int ioUringSetup(int entries, long parameters) {
    return (int) LIBC.syscall(SYS_IO_URING_SETUP, entries, parameters, 0, 0, 0, 0);
  }

  static int ioUringEnter(int fd, int toSubmit, int toWaitFor, int flags) {
    return (int) LIBC.syscall(SYS_IO_URING_ENTER, fd, toSubmit, toWaitFor, flags, 0, 0);
  }

  /** Why the last call of this thread failed. */
  static Errno lastError() {
    return Errno.valueOf(Runtime.getSystemRuntime().getLastError());
  }
}
