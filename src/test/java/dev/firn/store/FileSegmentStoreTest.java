package dev.firn.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Segments as files, whoever comes to them. */
class FileSegmentStoreTest {
  private static final long SEGMENT = 1L << 32 | 1;

  @TempDir Path directory;

  @Test
  void anInterruptedThreadGetsItsWorkDoneAndStaysInterrupted() throws IOException {
    byte[] written = Bytes.utf8("written");
    try (FileSegmentStore store = new FileSegmentStore(directory, List.of("a"))) {
      store.create(SEGMENT, "a");
      ByteBuffer read = ByteBuffer.allocate(written.length);
      boolean stillInterrupted =
          assertTimeoutPreemptively(
              Duration.ofSeconds(30),
              () -> {
                Thread.currentThread().interrupt();
                store.write(SEGMENT, 0, ByteBuffer.wrap(written));
                store.force(SEGMENT);
                store.read(SEGMENT, 0, read);
                return Thread.interrupted();
              });
      assertTrue(stillInterrupted);
      assertArrayEquals(written, read.array());
      // Others are not disturbed.
      assertEquals(written.length, store.read(SEGMENT, 0, read.clear()));
    }
  }
}
