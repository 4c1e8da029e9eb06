package dev.firn.fuse.posix;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.function.Executable;

/** Doing something as somebody who is not root. */
final class Users {
  /** An ordinary user and group; this machine need not have such an account. */
  static final int USER = 1000;

  static final int OTHER = 2000;

  /** Begins a command that runs as {@link #USER}. */
  static final List<String> COMMAND =
      List.of("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups");

  private static final long SYS_SETGROUPS =
      System.getProperty("os.arch").equals("aarch64") ? 159 : 116;

  private Users() {}

  /** Runs as a user and the group of the same number, in no other groups. */
  static void as(int user, Executable body) throws Throwable {
    as(user, List.of(), body);
  }

  /**
   * Runs in a thread of its own, whose file-system user (setfsuid(2)) is another: the kernel then
   * also takes away the rights of root that concern files. The thread ends with the body.
   */
  static void as(int user, List<Integer> groups, Executable body) throws Throwable {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                become(user, groups);
                body.execute();
              } catch (Throwable e) {
                failure.set(e);
              }
            },
            "user-" + user);
    thread.start();
    thread.join();
    if (failure.get() != null) {
      throw failure.get();
    }
  }

  private static void become(int user, List<Integer> groups) {
    int[] list = groups.stream().mapToInt(Integer::intValue).toArray();
    // Not glibc's setgroups(), which changes all threads of the process.
    check(LIBC.syscall(SYS_SETGROUPS, list.length, list));
    LIBC.setfsgid(user);
    LIBC.setfsuid(user);
    // They answer the former id, and nothing else; -1 changes nothing.
    assertEquals(user, LIBC.setfsgid(-1));
    assertEquals(user, LIBC.setfsuid(-1));
  }
}
