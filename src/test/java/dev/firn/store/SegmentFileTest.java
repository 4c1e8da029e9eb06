package dev.firn.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentFileTest {
  @TempDir Path directory;

  @Test
  void aClosedFileIsNotForced() throws IOException {
    Path path = directory.resolve("segment");
    SegmentFile file = SegmentFile.create(path);
    file.writable().write(ByteBuffer.wrap(new byte[] {1, 2}));
    file.force();
    file.close();
    assertThrows(ClosedChannelException.class, file::force);
    assertThrows(ClosedChannelException.class, file::pieces);
    assertArrayEquals(new byte[] {1, 2}, Files.readAllBytes(path));
  }
}
