package dev.firn.fuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileSystem;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** What is written to files that stay open does not stay in the kernel. */
@ParameterizedClass
@MethodSource("dev.firn.fuse.TestTransports#kernel")
@Timeout(120)
class WriteBackClockIT {
  @Parameter Transport transport;

  /** The kernel by itself waits for 30 s (dirty_expire_centisecs), and then up to 5 more. */
  private static final long PATIENCE_MILLIS = 20_000;

  private static final byte[] NAME = "open".getBytes(StandardCharsets.UTF_8);

  @Test
  void changedPagesOfOpenFilesCome() throws Exception {
    try (TestVolume volume = new TestVolume();
        TestMount mount = new TestMount(transport, volume.fileSystem());
        FileChannel file =
            FileChannel.open(
                mount.directory().resolve("open"),
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.WRITE)) {
      for (String text : new String[] {"first", "second"}) {
        file.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), 0);
        assertTrue(
            Waiting.until(PATIENCE_MILLIS, () -> text.equals(content(volume.fileSystem()))),
            text + " stays in the kernel");
      }
    }
  }

  private static String content(FileSystem files) throws Exception {
    Attributes found = files.lookup(FileSystem.ROOT_INODE, NAME);
    files.forget(found.inode(), 1);
    ByteBuffer bytes = ByteBuffer.allocate(100);
    int count = files.read(found.inode(), 0, bytes);
    return new String(bytes.array(), 0, count, StandardCharsets.UTF_8);
  }

  @Test
  void aMountIsNeverBusyByIt() throws Exception {
    for (int round = 0; round < 3; round++) {
      try (TestVolume volume = new TestVolume()) {
        TestMount mount = new TestMount(transport, volume.fileSystem());
        try (mount) {
          FileChannel file =
              FileChannel.open(
                  mount.directory().resolve("open"),
                  StandardOpenOption.CREATE_NEW,
                  StandardOpenOption.WRITE);
          try (file) {
            file.write(ByteBuffer.allocateDirect(1 << 20), 0);
            assertTrue(Waiting.until(PATIENCE_MILLIS, () -> size(volume.fileSystem()) == 1 << 20));
          }
          // Not lazily, and at once.
          assertEquals(0, Posix.LIBC.umount2(Posix.path(mount.directory()), 0));
        }
      }
    }
  }

  private static long size(FileSystem files) throws Exception {
    Attributes found = files.lookup(FileSystem.ROOT_INODE, NAME);
    files.forget(found.inode(), 1);
    return found.sizeBytes();
  }
}
