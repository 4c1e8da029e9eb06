package dev.firn.fuse.kernel;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jnr.constants.platform.Errno;

/**
 * An io_uring with submissions of 128 bytes: two queues in memory that we share with the kernel.
 * What it offers here is just what FUSE needs. Any thread may open it; from {@link #enable} on it
 * belongs to the one that called that.
 *
 * <p>Memory ordering: of each queue one side moves the tail and the other the head. Whoever moves
 * one releases it after it has written (or read) the places it gives away; whoever reads the other
 * side's acquires it before it reads (or writes) the places it got. So the kernel never sees half a
 * submission, and never overwrites a completion that was not read.
 *
 * <pre>
 * struct io_uring_params, 120 bytes          struct io_uring_sqe, 128 bytes
 *   0 u32 submissions   40 u32 sq head         0 u8  operation    24 u32 length
 *   4 u32 completions   44 u32 sq tail         1 u8  flags        32 u64 user data: 0
 *   8 u32 flags         48 u32 sq mask         4 s32 descriptor   48 u64 command's flags: 0
 *  20 u32 features      64 u32 sq array        8 u32 command      56 u64 commit id
 *                       80 u32 cq head        16 u64 address      64 u16 queue
 *                       84 u32 cq tail
 *                       88 u32 cq mask      struct io_uring_cqe, 16 bytes
 *                      100 u32 cq entries      0 u64 user data   8 s32 result   12 u32 flags
 * </pre>
 */
final class IoUring {
  private static final VarHandle INT =
      MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());

  private static final int PARAMETERS_BYTES = 120;
  private static final int SUBMISSION_BYTES = 128;
  private static final int COMPLETION_BYTES = 16;
  private static final long SUBMISSIONS_AT = 0x10000000L;

  private static final int SETUP_COMPLETIONS_GIVEN = 1 << 3;
  private static final int SETUP_DISABLED = 1 << 6;
  private static final int SETUP_SUBMIT_ALL = 1 << 7;
  private static final int SETUP_LONG_SUBMISSIONS = 1 << 10;
  private static final int SETUP_SINGLE_ISSUER = 1 << 12;

  /** What the kernel has to do in our thread it does when the thread waits, never in between. */
  private static final int SETUP_DEFER_TASKRUN = 1 << 13;

  private static final int FEATURE_SINGLE_MMAP = 1;
  private static final int FEATURE_NO_IOWAIT = 1 << 17;
  private static final int ENTER_GET_EVENTS = 1;

  /** Or a mount that waits for requests would look like a disk that is slow, in top(1) and all. */
  private static final int ENTER_NO_IOWAIT = 1 << 7;

  private static final int REGISTER_FILES = 2;
  private static final int REGISTER_ENABLE = 12;

  private static final long OPERATION_COMMAND = 46;

  /** In the flags of a submission: its descriptor is the place of a registered file. */
  private static final long FIXED_FILE = 1L << Byte.SIZE;

  private final int fd;
  private final MappedMemory ringMemory;
  private final MappedMemory submissionMemory;
  private final ByteBuffer ring;
  private final ByteBuffer submissions;
  private final int submissionHeadAt;
  private final int submissionTailAt;
  private final int submissionMask;
  private final int completionHeadAt;
  private final int completionTailAt;
  private final int completionMask;
  private final int completionsAt;
  private final int waitFlags;

  /** Written but not submitted. */
  private int pending;

  /** The kernel's tail of the completions as it was last seen, and our head. */
  private int completionTail;

  private int completionHead;

  private IoUring(
      int fd, ByteBuffer parameters, MappedMemory ringMemory, MappedMemory submissionMemory) {
    this.fd = fd;
    this.ringMemory = ringMemory;
    this.submissionMemory = submissionMemory;
    ring = ringMemory.view(0, ringMemory.sizeBytes);
    submissions = submissionMemory.view(0, submissionMemory.sizeBytes);
    submissionHeadAt = parameters.getInt(40);
    submissionTailAt = parameters.getInt(44);
    submissionMask = ring.getInt(parameters.getInt(48));
    completionHeadAt = parameters.getInt(80);
    completionTailAt = parameters.getInt(84);
    completionMask = ring.getInt(parameters.getInt(88));
    completionsAt = parameters.getInt(100);
    boolean tellsIdleFromSlow = (parameters.getInt(20) & FEATURE_NO_IOWAIT) != 0;
    waitFlags = ENTER_GET_EVENTS | (tellsIdleFromSlow ? ENTER_NO_IOWAIT : 0);
    // The place of a submission is always that of its number.
    int array = parameters.getInt(64);
    for (int i = 0; i <= submissionMask; i++) {
      ring.putInt(array + i * Integer.BYTES, i);
    }
  }

  /**
   * @param submissionsMax at a time, before {@link #submit}; a power of two, as is {@code
   *     completionsMax}
   * @param descriptor the file that commands are for; stays open until the ring is closed
   * @throws IOException saying why this process may not have a ring
   */
  static IoUring open(int submissionsMax, int completionsMax, int descriptor) throws IOException {
    NativeBuffer parameters = new NativeBuffer(PARAMETERS_BYTES);
    try {
      ByteBuffer given = parameters.bytes;
      given.putInt(4, completionsMax);
      given.putInt(
          8,
          SETUP_COMPLETIONS_GIVEN
              | SETUP_DISABLED
              | SETUP_SUBMIT_ALL
              | SETUP_LONG_SUBMISSIONS
              | SETUP_SINGLE_ISSUER
              | SETUP_DEFER_TASKRUN);
      int fd = LinuxCalls.ioUringSetup(submissionsMax, parameters.address);
      if (fd < 0) {
        throw new IOException(refusal(LinuxCalls.lastError()));
      }
      MappedMemory ringMemory = null;
      MappedMemory submissionMemory = null;
      try {
        if ((given.getInt(20) & FEATURE_SINGLE_MMAP) == 0) {
          throw new IOException("this kernel's io_uring is too old");
        }
        int ringBytes =
            Math.max(
                given.getInt(64) + given.getInt(0) * Integer.BYTES,
                given.getInt(100) + given.getInt(4) * COMPLETION_BYTES);
        ringMemory = MappedMemory.shared(fd, 0, ringBytes);
        submissionMemory =
            MappedMemory.shared(fd, SUBMISSIONS_AT, given.getInt(0) * SUBMISSION_BYTES);
        IoUring opened = new IoUring(fd, given, ringMemory, submissionMemory);
        given.putInt(0, descriptor);
        if (LinuxCalls.ioUringRegister(fd, REGISTER_FILES, parameters.address, 1) < 0) {
          throw new IOException("io_uring_register(2): " + LinuxCalls.lastError().description());
        }
        return opened;
      } catch (IOException | RuntimeException | Error e) {
        if (submissionMemory != null) {
          submissionMemory.unmap();
        }
        if (ringMemory != null) {
          ringMemory.unmap();
        }
        LinuxCalls.LIBC.close(fd);
        throw e;
      }
    } finally {
      parameters.free();
    }
  }

  private static String refusal(Errno error) {
    return switch (error) {
      case EPERM -> "io_uring is forbidden here (kernel.io_uring_disabled)";
      case ENOSYS -> "this kernel has no io_uring, or a filter of system calls hides it";
      case ENOMEM -> "no memory for an io_uring, which counts as locked memory (ulimit -l)";
      default -> "io_uring_setup(2) says: " + error.description();
    };
  }

  /** Makes it the calling thread's, before anything is submitted. */
  void enable() {
    if (LinuxCalls.ioUringRegister(fd, REGISTER_ENABLE, 0, 0) < 0) {
      throw new IllegalStateException(
          "io_uring_register(2): " + LinuxCalls.lastError().description());
    }
  }

  /** Submits a command for the file that the ring was opened for. */
  void command(int command, long address, int length, long id, int queue) {
    int at = nextSubmission();
    submissions.putLong(at, OPERATION_COMMAND | FIXED_FILE);
    submissions.putLong(at + 8, command);
    submissions.putLong(at + 16, address);
    submissions.putLong(at + 24, length);
    submissions.putLong(at + 56, id);
    submissions.putLong(at + 64, queue);
    publish();
  }

  /** The place of the next submission. What is not used of one is 0 from the beginning. */
  private int nextSubmission() {
    // Ours alone, so it needs no ordering.
    int tail = ring.getInt(submissionTailAt);
    while (tail - (int) INT.getAcquire(ring, submissionHeadAt) > submissionMask) {
      submit();
    }
    return (tail & submissionMask) * SUBMISSION_BYTES;
  }

  private void publish() {
    INT.setRelease(ring, submissionTailAt, ring.getInt(submissionTailAt) + 1);
    pending++;
  }

  /** Hands what is pending to the kernel. */
  void submit() {
    enter(0, 0);
  }

  /** The same, and waits until there is a completion, or a signal. */
  void submitAndWait() {
    enter(1, waitFlags);
  }

  private void enter(int toWaitFor, int flags) {
    if (pending == 0 && toWaitFor == 0) {
      return;
    }
    int submitted = LinuxCalls.ioUringEnter(fd, pending, toWaitFor, flags);
    if (submitted >= 0) {
      pending -= submitted;
      return;
    }
    Errno error = LinuxCalls.lastError();
    switch (error) {
      // A signal, or completions that have to be read first: the caller looks and comes again.
      case EINTR, EBUSY, EAGAIN -> Thread.yield();
      default -> throw new IllegalStateException("io_uring_enter(2): " + error.description());
    }
  }

  /** Whether there is a completion to look at. */
  boolean hasCompletion() {
    if (completionHead != completionTail) {
      return true;
    }
    completionTail = (int) INT.getAcquire(ring, completionTailAt);
    return completionHead != completionTail;
  }

  /** Of the completion that is there. */
  int result() {
    return ring.getInt(completionAt() + 8);
  }

  private int completionAt() {
    return completionsAt + (completionHead & completionMask) * COMPLETION_BYTES;
  }

  /** The completion that is there has been read. */
  void next() {
    completionHead++;
    INT.setRelease(ring, completionHeadAt, completionHead);
  }

  void close() {
    LinuxCalls.LIBC.close(fd);
    ringMemory.unmap();
    submissionMemory.unmap();
  }
}
