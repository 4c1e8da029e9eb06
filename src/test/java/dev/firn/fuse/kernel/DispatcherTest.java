package dev.firn.fuse.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.fuse.FaultLog;
import dev.firn.store.NoSpaceException;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DispatcherTest {
  private final OpenForWriting openForWriting = new OpenForWriting();
  private final Fetched fetched = new Fetched();
  private final Notifier notifier = new Notifier(new Device(-1), openForWriting, "test");

  @AfterEach
  void close() {
    notifier.close();
  }

  private Dispatcher dispatcher(InvocationHandler handler) {
    FileSystem fileSystem =
        (FileSystem)
            Proxy.newProxyInstance(
                DispatcherTest.class.getClassLoader(), new Class<?>[] {FileSystem.class}, handler);
    Request init = Requests.of(Opcode.INIT, 0, 7, 45, 131072, -1, 0, new byte[44]);
    Negotiation negotiation = Negotiation.of(init, InitFlags.WRITEBACK_CACHE, Path.of("/mnt"));
    init.free();
    return new Dispatcher(
        fileSystem,
        negotiation,
        openForWriting,
        notifier,
        new FetchAhead(fileSystem, openForWriting, fetched),
        new FaultLog("a test"));
  }

  private static int answer(Dispatcher dispatcher, int opcode, Object... arguments) {
    Request request = Requests.of(opcode, 1, arguments);
    try {
      return dispatcher.answer(request);
    } finally {
      request.free();
    }
  }

  @Test
  void faultsAnswerEio() {
    for (Throwable fault :
        new Throwable[] {
          new IllegalStateException("a bug"), new IOException("the disk"), new StackOverflowError()
        }) {
      Dispatcher dispatcher =
          dispatcher(
              (proxy, method, given) -> {
                throw fault;
              });
      assertEquals(-Errno.EIO.number(), answer(dispatcher, Opcode.GETATTR));
      assertEquals(Dispatcher.NO_ANSWER, answer(dispatcher, Opcode.FORGET, 1L));
    }
  }

  @Test
  void errorNumbersAreAnsweredAsTheyAre() {
    Dispatcher dispatcher =
        dispatcher(
            (proxy, method, given) -> {
              throw new ErrnoException(Errno.EXDEV);
            });
    assertEquals(-Errno.EXDEV.number(), answer(dispatcher, Opcode.LINK, 5L, "name"));
  }

  @Test
  void aFullDiskAnswersEnospc() {
    Dispatcher dispatcher =
        dispatcher(
            (proxy, method, given) -> {
              throw new NoSpaceException("the disk is full");
            });
    assertEquals(-Errno.ENOSPC.number(), answer(dispatcher, Opcode.GETATTR));
    assertEquals(-Errno.ENOSPC.number(), dispatcher.answerSyncs());
    assertEquals(Dispatcher.NO_ANSWER, answer(dispatcher, Opcode.FORGET, 1L));
  }

  @Test
  void requestsFromOtherTimesAnswerEnosys() {
    Dispatcher dispatcher = dispatcher((proxy, method, given) -> null);
    for (int opcode : new int[] {0, 25, 31, 32, 33, 37, 40, 48, 49, 54, 4096, -1}) {
      assertEquals(-Errno.ENOSYS.number(), answer(dispatcher, opcode, new byte[64]));
    }
    assertEquals(-Errno.ENOTTY.number(), answer(dispatcher, Opcode.IOCTL, new byte[32]));
    assertEquals(Dispatcher.NO_ANSWER, answer(dispatcher, Opcode.INTERRUPT, 5L));
  }

  @Test
  void truncatedRequestsAreInvalid() {
    Dispatcher dispatcher = dispatcher((proxy, method, given) -> false);
    assertEquals(-Errno.EINVAL.number(), answer(dispatcher, Opcode.LOOKUP, new byte[] {'a'}));
    assertEquals(
        -Errno.EINVAL.number(),
        answer(dispatcher, Opcode.WRITE, 1L, 0L, 4096, 0, 0L, 0, 0, new byte[100]));
  }

  @Test
  void whatMaySleepIsKnownBeforehand() {
    Dispatcher dispatcher =
        dispatcher(
            (proxy, method, given) ->
                method.getName().equals("changesUnseen") && given[0].equals(2L));
    assertTrue(maySleep(dispatcher, Opcode.FSYNC, 5));
    assertTrue(maySleep(dispatcher, Opcode.MKDIR, 2));
    assertFalse(maySleep(dispatcher, Opcode.MKDIR, 5));
    assertFalse(maySleep(dispatcher, Opcode.WRITE, 5));
    assertFalse(maySleep(dispatcher, Opcode.LSEEK, 5));
    openForWriting.opened(5);
    assertTrue(maySleep(dispatcher, Opcode.LSEEK, 5));
  }

  @Test
  void readsPastTheCacheFetchNothingIntoIt() {
    Dispatcher dispatcher = dispatcher((proxy, method, given) -> 4096);
    readPages(dispatcher, LinuxCalls.O_DIRECT);
    assertEquals(List.of(), fetched.wanted);
    readPages(dispatcher, 0);
    assertEquals(List.of("1@0+131072"), fetched.wanted);
  }

  private static void readPages(Dispatcher dispatcher, int openFlags) {
    for (long page = 0; page < 4; page++) {
      assertEquals(
          4096, answer(dispatcher, Opcode.READ, 1L, page * 8192, 4096, 0, 0L, openFlags, 0));
    }
  }

  @Test
  void namesThatMayNotBeKeptAreNotFetched() {
    Attributes found = new Attributes(7, FileMode.REGULAR, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0);
    AtomicBoolean changesUnseen = new AtomicBoolean(true);
    Dispatcher dispatcher =
        dispatcher(
            (proxy, method, given) ->
                method.getName().equals("changesUnseen") ? changesUnseen.get() : found);
    lookUp(dispatcher, Structures.ENTRY_BYTES);
    assertEquals(List.of(), fetched.wanted);
    changesUnseen.set(false);
    lookUp(dispatcher, Structures.ENTRY_BYTES);
    assertEquals(List.of("1:0+32"), fetched.wanted);
  }

  @Test
  void namesThatAreNotThereFetchNothing() {
    Dispatcher dispatcher =
        dispatcher(
            (proxy, method, given) -> {
              if (method.getName().equals("changesUnseen")) {
                return false;
              }
              throw new ErrnoException(Errno.ENOENT);
            });
    lookUp(dispatcher, Structures.ENTRY_BYTES);
    assertEquals(List.of(), fetched.wanted);
  }

  @Test
  void theWayUpFetchesNothing() {
    Attributes found = new Attributes(7, FileMode.DIRECTORY, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0);
    Dispatcher dispatcher =
        dispatcher(
            (proxy, method, given) -> method.getName().equals("changesUnseen") ? false : found);
    for (int i = 0; i < 10; i++) {
      assertEquals(Structures.ENTRY_BYTES, answer(dispatcher, Opcode.LOOKUP, ".."));
      assertEquals(Structures.ENTRY_BYTES, answer(dispatcher, Opcode.LOOKUP, "."));
    }
    assertEquals(List.of(), fetched.wanted);
  }

  private static void lookUp(Dispatcher dispatcher, int expected) {
    for (int i = 0; i < 5; i++) {
      assertEquals(expected, answer(dispatcher, Opcode.LOOKUP, "name" + i));
    }
  }

  /** Or the only reader that watches would wait for a WRITE that nobody takes. */
  @Test
  void whatSleepsWasSaidToSleep() {
    Dispatcher dispatcher = dispatcher((proxy, method, given) -> 0L);
    Request request = Requests.of(Opcode.LSEEK, 5, new byte[64]);
    try {
      dispatcher.received(request);
      openForWriting.opened(5);
      assertFalse(dispatcher.maySleep(request));
      // The notifier has no device: asking for the pages would answer EIO.
      assertEquals(Long.BYTES, dispatcher.answer(request));
      dispatcher.received(request);
      openForWriting.released(5);
      assertTrue(dispatcher.maySleep(request));
      Request copy = request.detach();
      assertEquals(-Errno.EIO.number(), dispatcher.answer(copy));
      copy.free();
    } finally {
      request.free();
    }
  }

  private static boolean maySleep(Dispatcher dispatcher, int opcode, long node) {
    Request request = Requests.of(opcode, node, new byte[64]);
    try {
      dispatcher.received(request);
      return dispatcher.maySleep(request);
    } finally {
      request.free();
    }
  }
}
