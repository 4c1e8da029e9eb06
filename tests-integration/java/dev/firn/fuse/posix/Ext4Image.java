package dev.firn.fuse.posix;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * An ext4 file system of its own in a sparse file, mounted: whatever this machine's own directories
 * are on, the oracle is the same.
 */
final class Ext4Image implements AutoCloseable {
  private static final String SIZE = "8G";
  private static final Path SCRATCH = Path.of("/var/tmp");

  private final Path image;
  private final Path directory;

  Ext4Image() throws IOException {
    image = Files.createTempFile(SCRATCH, "firn-ext4-", ".img");
    directory = Files.createTempDirectory(SCRATCH, "firn-ext4-");
    run("truncate", "-s", SIZE, image.toString());
    run("mkfs.ext4", "-q", "-b", "4096", image.toString());
    run("mount", "-o", "loop", image.toString(), directory.toString());
  }

  Path directory() {
    return directory;
  }

  @Override
  public void close() throws IOException {
    try {
      run("umount", "--lazy", directory.toString());
    } finally {
      Files.delete(directory);
      Files.delete(image);
    }
  }

  private static void run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      assertEquals(0, process.waitFor(), String.join(" ", command) + ": " + said);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }
}
