package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VerifiedOutputTest {
  /** More than is verified at once, by a little. */
  private static final int CONTENT_BYTES = 100_000_007;

  @TempDir Path directory;
  private Path partial;
  private Path file;
  private byte[] content;

  @BeforeEach
  void makeFile() throws IOException {
    partial = Files.createFile(directory.resolve("partial"));
    file = directory.resolve("a.package");
    content = Trees.random(new Random(7), CONTENT_BYTES);
  }

  private static void write(VerifiedOutput out, byte[] bytes, Random sizes) throws IOException {
    for (int done = 0; done < bytes.length; ) {
      int count = Math.min(1 + sizes.nextInt(5_000_000), bytes.length - done);
      out.write(bytes, done, count);
      done += count;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 16 << 20, CONTENT_BYTES})
  void theFileHasWhatWasWritten(int length) throws IOException {
    byte[] bytes = Arrays.copyOf(content, length);
    try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE);
        VerifiedOutput out = new VerifiedOutput(partial, file)) {
      write(out, bytes, new Random(1));
      out.finish(channel);
    }
    assertArrayEquals(bytes, Files.readAllBytes(partial));
  }

  @ParameterizedTest
  @ValueSource(ints = {50_000_000, CONTENT_BYTES - 1})
  void whatReadsBackDifferentlyIsTold(int damagedAt) throws IOException {
    try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE);
        VerifiedOutput out = new VerifiedOutput(partial, file)) {
      write(out, content, new Random(1));
      // What is behind the file's end as yet is written over, which is no damage.
      if (Files.size(partial) <= damagedAt) {
        out.write(0);
        out.write(new byte[1 << 20]);
      }
      damage(channel, damagedAt);
      FirnException refusal = assertThrows(FirnException.class, () -> out.finish(channel));
      assertEquals(ErrorKind.CORRUPT, refusal.kind());
      assertTrue(refusal.getMessage().contains(file.toString()), refusal.getMessage());
    }
  }

  private static void damage(FileChannel channel, int at) throws IOException {
    channel.write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5, 6, 7, 8}), at);
  }

  @Test
  void whatBecameShorterIsTold() throws IOException {
    try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE);
        VerifiedOutput out = new VerifiedOutput(partial, file)) {
      write(out, content, new Random(1));
      channel.truncate(CONTENT_BYTES / 2);
      FirnException refusal = assertThrows(FirnException.class, () -> out.finish(channel));
      assertEquals(ErrorKind.CORRUPT, refusal.kind());
    }
  }
}
