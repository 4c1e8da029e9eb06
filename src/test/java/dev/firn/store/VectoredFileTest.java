package dev.firn.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.base.DiskErrors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VectoredFileTest {
  private static final int FILE_BYTES = 4 << 20;
  private static final int WRITERS = 4;

  @TempDir Path directory;

  private final Random random = Seeds.random("VectoredFileTest");
  private Path path;

  @BeforeEach
  void makeFile() throws IOException {
    path = Files.createFile(directory.resolve("file"));
  }

  /** Native memory of random lengths that add up to no more than {@code bytes}. */
  private ByteBuffer[] pieces(int bytes) {
    List<ByteBuffer> pieces = new ArrayList<>();
    int most = random.nextBoolean() ? 300 : 100_000;
    for (int left = bytes; left > 0 && pieces.size() < VectoredFile.PIECES_MAX; ) {
      int length = 1 + random.nextInt(Math.min(left, most));
      int before = random.nextInt(10);
      ByteBuffer piece = ByteBuffer.allocateDirect(before + length + random.nextInt(10));
      pieces.add(piece.position(before).limit(before + length));
      left -= length;
    }
    return pieces.toArray(ByteBuffer[]::new);
  }

  @Test
  void piecesAreWhereTheyBelong() throws IOException {
    byte[] expected = new byte[FILE_BYTES];
    Files.write(path, expected);
    try (VectoredFile file = new VectoredFile(path)) {
      for (int round = 0; round < 200; round++) {
        int offset = random.nextInt(FILE_BYTES);
        ByteBuffer[] sources = pieces(FILE_BYTES - offset);
        int at = offset;
        for (ByteBuffer source : sources) {
          byte[] bytes = new byte[source.remaining()];
          random.nextBytes(bytes);
          source.duplicate().put(bytes);
          System.arraycopy(bytes, 0, expected, at, bytes.length);
          at += bytes.length;
        }
        file.write(offset, sources);
        if (random.nextBoolean()) {
          file.settle(offset, at - offset);
        }
        checkRead(file, expected);
      }
    }
    try (VectoredFile file = VectoredFile.openToRead(path)) {
      checkRead(file, expected);
      assertThrows(IOException.class, () -> file.write(0, ByteBuffer.allocateDirect(1)));
    }
    assertArrayEquals(expected, Files.readAllBytes(path));
  }

  private void checkRead(VectoredFile file, byte[] expected) throws IOException {
    int offset = random.nextInt(FILE_BYTES);
    ByteBuffer[] targets = pieces(FILE_BYTES - offset);
    int[] starts = new int[targets.length];
    int length = 0;
    for (int i = 0; i < targets.length; i++) {
      starts[i] = targets[i].position();
      length += targets[i].remaining();
    }
    boolean cached = random.nextBoolean();
    assertEquals(length, cached ? file.read(offset, targets) : file.readUncached(offset, targets));
    int at = offset;
    for (int i = 0; i < targets.length; i++) {
      assertFalse(targets[i].hasRemaining());
      byte[] bytes = new byte[targets[i].position() - starts[i]];
      targets[i].get(starts[i], bytes);
      for (byte each : bytes) {
        assertEquals(expected[at], each, () -> "at " + offset);
        at++;
      }
    }
  }

  @Test
  void theEndOfTheFileIsTold() throws IOException {
    Files.write(path, new byte[1000]);
    try (VectoredFile file = new VectoredFile(path)) {
      ByteBuffer[] targets = {ByteBuffer.allocateDirect(600), ByteBuffer.allocateDirect(600)};
      assertEquals(900, file.read(100, targets));
      assertEquals(0, file.read(1000, new ByteBuffer[] {ByteBuffer.allocateDirect(1)}));
    }
  }

  /** The device knows no way past the cache, so the other way is tried, too. */
  @Test
  void aFullDiskIsToldAsSuch() throws IOException {
    try (VectoredFile full = new VectoredFile(Path.of("/dev/full"))) {
      ByteBuffer[] sources = {ByteBuffer.allocateDirect(10)};
      IOException failure = assertThrows(IOException.class, () -> full.write(0, sources));
      assertTrue(DiskErrors.saysFull(failure.getMessage()), failure.getMessage());
    }
  }

  /** Several threads may learn at once that there is no way past the cache. */
  @Test
  void whatTheSystemCannotDoFailsNobody() throws Exception {
    for (int round = 0; round < 200; round++) {
      try (VectoredFile full = new VectoredFile(Path.of("/dev/full"))) {
        CyclicBarrier together = new CyclicBarrier(WRITERS);
        List<CompletableFuture<String>> writers = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(WRITERS);
        for (int i = 0; i < WRITERS; i++) {
          writers.add(CompletableFuture.supplyAsync(() -> failure(full, together), threads));
        }
        for (CompletableFuture<String> writer : writers) {
          assertTrue(DiskErrors.saysFull(writer.get()), writer.get());
        }
        threads.shutdown();
      }
    }
  }

  private static String failure(VectoredFile full, CyclicBarrier together) {
    ByteBuffer[] sources = {ByteBuffer.allocateDirect(10)};
    try {
      together.await();
      full.write(0, sources);
      return "nothing failed";
    } catch (IOException e) {
      return e.getMessage();
    } catch (InterruptedException | BrokenBarrierException e) {
      throw new AssertionError(e);
    }
  }

  /** Nobody writes to a descriptor whose number may be another file's, and none is left open. */
  @Test
  void closingWaitsForWhoUsesIt() throws Exception {
    VectoredFile file = new VectoredFile(path);
    CountDownLatch begun = new CountDownLatch(WRITERS);
    List<CompletableFuture<Void>> writers = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      writers.add(CompletableFuture.runAsync(() -> writeUntilClosed(file, begun)));
    }
    begun.await();
    file.close();
    file.close();
    for (CompletableFuture<Void> writer : writers) {
      writer.get();
    }
    assertThrows(ClosedChannelException.class, () -> file.read(0, pieces(10)));
    assertFalse(isOpen());
  }

  private static void writeUntilClosed(VectoredFile file, CountDownLatch begun) {
    ByteBuffer[] sources = {ByteBuffer.allocateDirect(1 << 16)};
    try {
      while (true) {
        file.write(0, new ByteBuffer[] {sources[0].duplicate()});
        begun.countDown();
      }
    } catch (ClosedChannelException e) {
      // That is the end.
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private boolean isOpen() throws IOException {
    try (DirectoryStream<Path> open = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path each : open) {
        try {
          if (Files.readSymbolicLink(each).equals(path)) {
            return true;
          }
        } catch (NoSuchFileException e) {
          // Another one that was closed meanwhile, such as the listing's own.
        }
      }
    }
    return false;
  }
}
