package dev.firn.fuse.posix;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.assertFails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.firn.fuse.Posix;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import jnr.constants.platform.Errno;

/** flock(2) and fcntl(2) locks, between descriptors and between processes. */
final class LockScenarios {
  private static final int LOCK_SH = 1;
  private static final int LOCK_EX = 2;
  private static final int LOCK_NB = 4;
  private static final int LOCK_UN = 8;

  private static final int F_SETLK = 6;
  private static final int F_OFD_GETLK = 36;
  private static final int F_OFD_SETLK = 37;
  private static final int F_OFD_SETLKW = 38;
  private static final short F_RDLCK = 0;
  private static final short F_WRLCK = 1;
  private static final short F_UNLCK = 2;

  /** Exit status of flock(1) when the lock is taken. */
  private static final int CONFLICT = 9;

  @Scenario
  void wholeFileLocksExcludeEachOther(Place place) {
    int one = place.create("file");
    int two = place.open("file", Posix.O_RDONLY);
    check(LIBC.flock(one, LOCK_EX));
    assertFails(Errno.EAGAIN, () -> check(LIBC.flock(two, LOCK_EX | LOCK_NB)));
    assertFails(Errno.EAGAIN, () -> check(LIBC.flock(two, LOCK_SH | LOCK_NB)));
    check(LIBC.flock(one, LOCK_SH));
    check(LIBC.flock(two, LOCK_SH | LOCK_NB));
    assertFails(Errno.EAGAIN, () -> check(LIBC.flock(one, LOCK_EX | LOCK_NB)));
    check(LIBC.flock(two, LOCK_UN));
    check(LIBC.flock(one, LOCK_EX | LOCK_NB));
    place.close(one);
    check(LIBC.flock(two, LOCK_EX | LOCK_NB));
  }

  @Scenario
  void wholeFileLocksHoldBetweenProcesses(Place place) {
    int fd = place.create("file");
    String conflict = String.valueOf(CONFLICT);
    assertEquals("", place.run("flock", "-n", "file", "true"));
    check(LIBC.flock(fd, LOCK_EX));
    assertEquals(CONFLICT, place.attempt("flock", "-n", "-E", conflict, "file", "true").status());
    check(LIBC.flock(fd, LOCK_SH));
    place.run("flock", "-s", "-n", "file", "true");
    assertEquals(CONFLICT, place.attempt("flock", "-n", "-E", conflict, "file", "true").status());
    place.close(fd);
    place.run("flock", "-n", "file", "true");
  }

  @Scenario
  void rangesAreLockedApart(Place place) {
    int one = place.create("file");
    int two = place.open("file", Posix.O_RDWR);
    lock(one, F_OFD_SETLK, F_WRLCK, 100, 100);
    lock(two, F_OFD_SETLK, F_WRLCK, 0, 100);
    lock(two, F_OFD_SETLK, F_RDLCK, 200, 50);
    assertFails(Errno.EAGAIN, () -> lock(two, F_OFD_SETLK, F_RDLCK, 150, 10));
    lock(one, F_OFD_SETLK, F_RDLCK, 100, 100);
    lock(two, F_OFD_SETLK, F_RDLCK, 150, 10);
    assertFails(Errno.EAGAIN, () -> lock(two, F_OFD_SETLK, F_WRLCK, 150, 10));
    lock(one, F_OFD_SETLK, F_UNLCK, 0, 0);
    lock(two, F_OFD_SETLK, F_WRLCK, 0, 0);
    ByteBuffer found = lock(one, F_OFD_GETLK, F_RDLCK, 5000, 10);
    assertEquals(F_WRLCK, found.getShort(0));
    assertEquals(0, found.getLong(8));
    place.close(two);
    assertEquals(F_UNLCK, lock(one, F_OFD_GETLK, F_WRLCK, 0, 0).getShort(0));
  }

  @Scenario
  void aWaitingLockIsGrantedOnRelease(Place place) throws Exception {
    int one = place.create("file");
    int two = place.open("file", Posix.O_RDWR);
    lock(one, F_OFD_SETLK, F_WRLCK, 0, 10);
    CompletableFuture<Void> waiting =
        CompletableFuture.runAsync(() -> lock(two, F_OFD_SETLKW, F_WRLCK, 5, 10));
    // It cannot be told from here that it waits; that it does not return early can.
    assertFails(Errno.EAGAIN, () -> lock(two, F_OFD_SETLK, F_WRLCK, 0, 1));
    assertFalse(waiting.isDone());
    lock(one, F_OFD_SETLK, F_UNLCK, 0, 0);
    waiting.get(30, TimeUnit.SECONDS);
    assertFails(Errno.EAGAIN, () -> lock(one, F_OFD_SETLK, F_WRLCK, 5, 1));
  }

  @Scenario
  void processLocksMeetOtherProcesses(Place place) {
    int fd = place.create("file");
    lock(fd, F_SETLK, F_WRLCK, 10, 10);
    // The same process never conflicts with itself, whatever the descriptor.
    int second = place.open("file", Posix.O_RDWR);
    lock(second, F_SETLK, F_WRLCK, 10, 10);
    assertEquals("taken", lockInPerl(place, 10, 10));
    assertEquals("locked", lockInPerl(place, 20, 10));
    // Closing any descriptor of the file gives all of the process's locks up.
    place.close(second);
    assertEquals("locked", lockInPerl(place, 10, 10));
  }

  @Scenario
  void locksEndWithTheirProcess(Place place) {
    place.write("file", "x");
    assertEquals("locked", lockInPerl(place, 0, 0));
    int fd = place.open("file", Posix.O_RDWR);
    lock(fd, F_SETLK, F_WRLCK, 0, 0);
    place.unlink("file");
    lock(fd, F_SETLK, F_UNLCK, 0, 0);
  }

  private static String lockInPerl(Place place, long start, long length) {
    return place.run(
        "perl",
        "-MFcntl",
        "-e",
        "open F, '+<', 'file' or die; my $lock = pack('s s x4 q q l x4', F_WRLCK, 0, @ARGV, 0);"
            + " print fcntl(F, F_SETLK, $lock) ? 'locked' : $!{EAGAIN} ? 'taken' : \"$!\"",
        Long.toString(start),
        Long.toString(length));
  }

  /** struct flock: type, whence, start, length, process. */
  private static ByteBuffer lock(int fd, int command, short type, long start, long length) {
    ByteBuffer lock = ByteBuffer.allocate(32).order(ByteOrder.nativeOrder());
    lock.putShort(0, type).putLong(8, start).putLong(16, length);
    check(LIBC.fcntl(fd, command, lock.array()));
    return lock;
  }
}
