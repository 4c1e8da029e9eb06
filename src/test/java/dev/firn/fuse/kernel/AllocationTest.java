package dev.firn.fuse.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.firn.base.Bytes;
import dev.firn.fuse.FaultLog;
import dev.firn.map.MapStore;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.VolumeFileSystem;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What requests that come all the time allocate, in a volume, as they lie in a ring's entry. The
 * bounds are half as much again as was measured; io-uring.md has the figures.
 */
class AllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int WARM_UP = 20_000;
  private static final int REQUESTS = 10_000;
  private static final int BYTES = 4096;
  private static final int FILE_BLOCKS = 256;
  private static final int ARGUMENTS_AT = 128;

  @TempDir Path directory;
  private MapStore store;
  private VolumeFileSystem files;
  private Notifier notifier;
  private Dispatcher dispatcher;
  private long inode;

  private final ByteBuffer header = ByteBuffer.allocateDirect(288).order(ByteOrder.nativeOrder());
  private final ByteBuffer payload =
      ByteBuffer.allocateDirect(BYTES).order(ByteOrder.nativeOrder());
  private final Request request = new Request(header, ARGUMENTS_AT, payload);

  @BeforeEach
  void open() throws IOException {
    store = MapStore.open(directory, List.of("a"));
    files =
        VolumeFileSystem.create(
            store.create(1, new MapStore.VolumeOptions("a", "lz4")), 1L << 30, Clock.systemUTC());
    inode =
        files
            .makeNode(FileSystem.ROOT_INODE, Bytes.utf8("file"), FileMode.REGULAR | 0644, 0, 0, 0)
            .inode();
    files.write(inode, 0, ByteBuffer.allocate(FILE_BLOCKS * BYTES));
    files.syncAll();
    OpenForWriting openForWriting = new OpenForWriting();
    notifier = new Notifier(new Device(-1), openForWriting, "test");
    Request init = Requests.of(Opcode.INIT, 0, 7, 45, 131072, -1, 0, new byte[44]);
    Negotiation negotiation = Negotiation.of(init, InitFlags.WRITEBACK_CACHE, directory);
    init.free();
    dispatcher =
        new Dispatcher(
            files,
            negotiation,
            openForWriting,
            notifier,
            new FetchAhead(files, openForWriting, new Fetched()),
            new FaultLog("a test"));
  }

  @AfterEach
  void close() throws IOException {
    notifier.close();
    files.close();
    store.close();
  }

  /** Answers it, as a worker does. */
  private void serve(int opcode, long node, int payloadBytes, int expected) {
    header.putInt(4, opcode).putLong(8, 77).putLong(16, node);
    request.receivedInParts(payloadBytes);
    dispatcher.received(request);
    int kind = ServiceTimes.kindOf(request);
    assert kind >= 0 && !Dispatcher.isSync(request) && !dispatcher.maySleepLong(request);
    int outcome = dispatcher.answer(request);
    if (outcome != expected) {
      assertEquals(expected, outcome);
    }
    request.seal(0, outcome);
  }

  private static long bytesPerRequest(IntConsumer one) {
    for (int i = 0; i < WARM_UP; i++) {
      one.accept(i);
    }
    long start = THREADS.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < REQUESTS; i++) {
      one.accept(i);
    }
    return (THREADS.getCurrentThreadAllocatedBytes() - start) / REQUESTS;
  }

  private static void check(String what, long bytesMax, IntConsumer one) {
    long bytes = bytesPerRequest(one);
    assertTrue(bytes <= bytesMax, () -> what + " allocates " + bytes + " bytes a request");
  }

  private void range(int i) {
    header
        .putLong(ARGUMENTS_AT + 8, (long) i % FILE_BLOCKS * BYTES)
        .putInt(ARGUMENTS_AT + 16, BYTES)
        .putInt(ARGUMENTS_AT + 20, 0);
  }

  @Test
  void nothingIsAllocatedAroundAHandler() {
    check("ACCESS", 0, i -> serve(Opcode.ACCESS, inode, 0, 0));
  }

  @Test
  void getattr() {
    check("GETATTR", 700, i -> serve(Opcode.GETATTR, inode, 0, Structures.ATTRIBUTES_BYTES));
  }

  @Test
  void lookup() {
    byte[] name = "file\0".getBytes(StandardCharsets.US_ASCII);
    check(
        "LOOKUP",
        900,
        i -> {
          payload.put(0, name);
          serve(Opcode.LOOKUP, FileSystem.ROOT_INODE, name.length, Structures.ENTRY_BYTES);
        });
  }

  @Test
  void read() {
    check(
        "READ",
        1200,
        i -> {
          range(i);
          serve(Opcode.READ, inode, 0, BYTES);
        });
  }

  @Test
  void write() {
    check(
        "WRITE",
        12_500,
        i -> {
          range(i);
          serve(Opcode.WRITE, inode, BYTES, Long.BYTES);
        });
  }
}
