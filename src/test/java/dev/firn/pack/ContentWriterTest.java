package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.Zstd;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContentWriterTest {
  private static final int CONTENT_BYTES = 12_000_000;
  private static final int SMALL_VOLUME_BYTES = 10 << 20;

  @TempDir Path directory;
  private final ExecutorService workers = Workers.start("test");
  private final List<String> steps = new ArrayList<>();
  private final byte[] content = Trees.random(new Random(5), CONTENT_BYTES);
  private final OpenedMember member = member(content);
  private TestHome home;

  private static OpenedMember member(byte[] raw) {
    byte[] stored = Zstd.compress(raw);
    return new OpenedMember(raw, stored, FrameTable.of(stored, stored.length));
  }

  @BeforeEach
  void open() throws IOException {
    home = new TestHome(directory);
  }

  @AfterEach
  void close() throws IOException {
    workers.shutdown();
    home.close();
  }

  /** What happens in front of a write at an offset. */
  @FunctionalInterface
  private interface BeforeWrite {
    void at(long offset) throws Exception;
  }

  private static FileSystem watched(FileSystem target, BeforeWrite before) {
    return (FileSystem)
        Proxy.newProxyInstance(
            FileSystem.class.getClassLoader(),
            new Class<?>[] {FileSystem.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("write")) {
                before.at((long) arguments[1]);
              }
              try {
                return method.invoke(target, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private ContentWriter writer(FileSystem target) {
    return new ContentWriter(new TreeBuilder(target, "the package"), workers);
  }

  private static long file(FileSystem target) throws IOException {
    return Trees.file(target, 1, "f", new byte[0]);
  }

  @Test
  void stepsWaitForTheWritesBeforeThem() throws IOException {
    FileSystem volume = home.create(TestHome.VOLUME_BYTES);
    long inode = file(volume);
    CountDownLatch go = new CountDownLatch(1);
    ContentWriter writer = writer(watched(volume, offset -> go.await()));

    writer.write(inode, 0, member, 0, content.length, "f");
    writer.then(() -> steps.add("times"));
    writer.endMember(() -> steps.add("member"));
    assertEquals(List.of(), steps);
    go.countDown();
    writer.await();

    assertEquals(List.of("times", "member"), steps);
    ByteBuffer read = ByteBuffer.allocate(content.length);
    assertEquals(content.length, volume.read(inode, 0, read));
    assertArrayEquals(content, read.array());
  }

  @Test
  void theSecondMemberWaitsForTheFirst() throws IOException {
    FileSystem volume = home.create(TestHome.VOLUME_BYTES);
    long inode = file(volume);
    CountDownLatch ended = new CountDownLatch(1);
    ContentWriter writer = writer(watched(volume, offset -> ended.await()));

    writer.write(inode, 0, member, 0, 1 << 20, "f");
    writer.endMember(() -> steps.add("first"));
    writer.write(inode, 1 << 20, member, 1 << 20, 1 << 20, "f");
    assertEquals(List.of(), steps);
    ended.countDown();
    writer.endMember(() -> steps.add("second"));

    assertTrue(steps.contains("first"));
    writer.await();
    assertEquals(List.of("first", "second"), steps);
  }

  @Test
  void afterAFailureNothingIsWrittenAnyMore() throws IOException {
    FileSystem volume = home.create(TestHome.VOLUME_BYTES);
    long inode = file(volume);
    AtomicInteger writes = new AtomicInteger();
    ContentWriter writer =
        writer(
            watched(
                volume,
                offset -> {
                  writes.incrementAndGet();
                  if (offset == 3 << 20) {
                    throw new ErrnoException(Errno.EFBIG);
                  }
                }));

    FirnException refusal =
        assertThrows(
            FirnException.class,
            () -> {
              writer.write(inode, 0, member, 0, content.length, "dir/f");
              writer.then(() -> steps.add("times"));
              writer.await();
            });
    writer.abandon();
    int written = writes.get();

    assertEquals(ErrorKind.CORRUPT, refusal.kind());
    assertTrue(refusal.getMessage().contains("'dir/f'"), refusal.getMessage());
    assertEquals(List.of(), steps);
    volume.close();
    assertEquals(written, writes.get());
  }

  @Test
  void whoIsInterruptedStillWaitsForWhatIsBeingWritten() throws IOException {
    FileSystem volume = home.create(TestHome.VOLUME_BYTES);
    CountDownLatch go = new CountDownLatch(1);
    AtomicInteger writes = new AtomicInteger();
    ContentWriter writer =
        writer(
            watched(
                volume,
                offset -> {
                  go.await();
                  writes.incrementAndGet();
                }));
    writer.write(file(volume), 0, member, 0, 1 << 20, "f");

    Thread.currentThread().interrupt();
    assertThrows(IOException.class, writer::await);
    assertTrue(Thread.interrupted());
    new Thread(go::countDown).start();
    writer.abandon();

    assertEquals(1, writes.get());
    volume.close();
  }

  @Test
  void anImportThatDoesNotFitLeavesNothing() throws IOException {
    byte[] exported =
        home.export(
            home.tree(volume -> Trees.file(volume, 1, "long", content)), PackageFormat.FIRN);
    long before = home.things();

    FirnException refusal =
        assertThrows(
            FirnException.class,
            () -> home.importFrom(exported, new ImportOptions(null, (long) SMALL_VOLUME_BYTES)));

    assertEquals(ErrorKind.NO_SPACE, refusal.kind());
    assertTrue(refusal.getMessage().contains("'long'"), refusal.getMessage());
    assertEquals(before, home.things());
  }
}
