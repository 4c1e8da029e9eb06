package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.firn.Seeds;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UncachedInputTest {
  private static final int CONTENT_BYTES = 5_000_001;

  @TempDir Path directory;

  @Test
  void readsAndSkipsAsOthersDo() throws IOException {
    Random random = Seeds.random("UncachedInputTest");
    byte[] content = Trees.random(random, CONTENT_BYTES);
    Path file = Files.write(directory.resolve("file"), content);
    for (int round = 0; round < 20; round++) {
      try (InputStream in = UncachedInput.open(file)) {
        int at = 0;
        while (at < content.length) {
          int count = Math.min(random.nextInt(700_000), content.length - at);
          if (random.nextBoolean()) {
            in.skipNBytes(count);
          } else {
            assertArrayEquals(Arrays.copyOfRange(content, at, at + count), in.readNBytes(count));
          }
          at += count;
          if (at < content.length) {
            assertEquals(content[at] & 0xff, in.read());
            at++;
          }
        }
        assertEquals(-1, in.read());
        assertEquals(0, in.skip(1));
        assertThrows(EOFException.class, () -> in.skipNBytes(1));
      }
    }
  }

  @Test
  void whatIsNotThereIsToldAsAlways() {
    assertThrows(NoSuchFileException.class, () -> UncachedInput.open(directory.resolve("no")));
  }
}
