package dev.firn.fuse.kernel;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.Library;
import com.kenai.jffi.Type;
import jnr.constants.platform.Errno;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;

/**
 * The system calls of this package, as 64-bit Linux has them. Addresses are numbers. What fails
 * answers -1, and {@link #lastError} says why.
 */
final class LinuxCalls {
  private static final boolean AARCH64 = System.getProperty("os.arch").equals("aarch64");

  static final int AT_FDCWD = -100;
  static final int O_RDWR = 2;
  static final int O_NONBLOCK = 04000;
  static final int O_DIRECT = AARCH64 ? 0200000 : 040000;
  static final int O_DIRECTORY = AARCH64 ? 040000 : 0200000;
  static final int O_NOFOLLOW = AARCH64 ? 0100000 : 0400000;
  static final int O_NOATIME = 01000000;
  static final int O_CLOEXEC = 02000000;
  static final int O_PATH = 010000000;
  static final int F_SETFL = 4;
  static final int SEEK_SET = 0;

  /** For {@link LibC#setpriority}: of one thread, 0 being the calling one. */
  static final int PRIO_PROCESS = 0;

  static final int LEAST_PRIORITY = 19;

  /** Of the C library. Public for jnr-ffi, which implements it at run time. */
  public interface LibC {
    int open(byte[] path, int flags);

    int openat(int directory, byte[] path, int flags);

    /** The handle is a struct file_handle. */
    int open_by_handle_at(int mount, @In byte[] handle, int flags);

    int close(int fd);

    long lseek(int fd, long offset, int whence);

    long readahead(int fd, long offset, long sizeBytes);

    /** Fills a struct statx. */
    int statx(int directory, byte[] path, int flags, int mask, @Out byte[] status);

    int syncfs(int fd);

    int fstatfs(int fd, @Out byte[] status);

    long syscall(long number, byte[] first, long second);

    long syscall(long number, long first, byte[] second, long third);

    long syscall(
        long number, long first, long second, long third, long fourth, long fifth, long sixth);

    int eventfd(int value, int flags);

    int sched_setaffinity(int thread, long maskBytes, @In byte[] mask);

    int sched_getaffinity(int thread, long maskBytes, @Out byte[] mask);

    int setpriority(int which, int thread, int priority);

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

  /**
   * Of syscall(2) with up to five arguments. jnr-ffi's own stub hands the sixth of six numbers over
   * wrongly, and for more it makes a buffer each time; jffi below it does neither.
   */
  private static final CallContext SIX_NUMBERS =
      CallContext.getCallContext(
          Type.SLONG_LONG,
          new Type[] {
            Type.SLONG_LONG,
            Type.SLONG_LONG,
            Type.SLONG_LONG,
            Type.SLONG_LONG,
            Type.SLONG_LONG,
            Type.SLONG_LONG
          },
          CallingConvention.DEFAULT,
          true);

  private static final Invoker INVOKER = Invoker.getInstance();
  private static final long SYSCALL = Library.getDefault().getSymbolAddress("syscall");

  private static final long SYS_MMAP = AARCH64 ? 222 : 9;
  private static final long SYS_MUNMAP = AARCH64 ? 215 : 11;
  private static final long SYS_GETDENTS64 = AARCH64 ? 61 : 217;
  private static final long SYS_IO_URING_SETUP = 425;
  private static final long SYS_IO_URING_ENTER = 426;
  private static final long SYS_IO_URING_REGISTER = 427;

  private LinuxCalls() {}

  /**
   * By its number, with seven arguments in all: see {@link #SIX_NUMBERS} for what six would do.
   *
   * @return -1 when it fails
   */
  static long mmap(long sizeBytes, long protection, long flags, int fd, long offset) {
    return LIBC.syscall(SYS_MMAP, 0, sizeBytes, protection, flags, fd, offset);
  }

  static void munmap(long address, long sizeBytes) {
    LIBC.syscall(SYS_MUNMAP, address, sizeBytes, 0, 0, 0, 0);
  }

  /** 0 at the end. */
  static long getdents(int directory, long buffer, long sizeBytes) {
    return syscall(SYS_GETDENTS64, directory, buffer, sizeBytes, 0, 0);
  }

  private static long syscall(
      long number, long first, long second, long third, long fourth, long fifth) {
    return INVOKER.invokeN6(SIX_NUMBERS, SYSCALL, number, first, second, third, fourth, fifth);
  }

  /** The ring's descriptor, which is closed in child processes. */
  static int ioUringSetup(int entries, long parameters) {
    return (int) syscall(SYS_IO_URING_SETUP, entries, parameters, 0, 0, 0);
  }

  static int ioUringRegister(int fd, int operation, long argument, int count) {
    return (int) syscall(SYS_IO_URING_REGISTER, fd, operation, argument, count, 0);
  }

  /** Without a signal mask, whose size would be a sixth argument that nobody looks at. */
  static int ioUringEnter(int fd, int toSubmit, int toWaitFor, int flags) {
    return (int) syscall(SYS_IO_URING_ENTER, fd, toSubmit, toWaitFor, flags, 0);
  }

  /** Why the last call of this thread failed. */
  static Errno lastError() {
    return Errno.valueOf(Runtime.getSystemRuntime().getLastError());
  }
}
