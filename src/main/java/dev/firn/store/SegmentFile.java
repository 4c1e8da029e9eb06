package dev.firn.store;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A segment's open file: its channel, and another one past the system's cache once asked for. */
final class SegmentFile implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(SegmentFile.class);

  /**
   * The JDK's ExtendedOpenOption.DIRECT; null: it has none. Found by its name, since newer
   * compilers warn of it in a way that cannot be suppressed, although every JDK exports it.
   */
  static final OpenOption DIRECT = directOption();

  private final Path path;
  private final FileChannel channel;

  // Guarded by this.
  private FileChannel direct;
  private boolean directIsImpossible;
  private boolean closed;

  private SegmentFile(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  static SegmentFile open(Path path, OpenOption... more) throws IOException {
    OpenOption[] options = new OpenOption[more.length + 2];
    options[0] = StandardOpenOption.READ;
    options[1] = StandardOpenOption.WRITE;
    System.arraycopy(more, 0, options, 2, more.length);
    return new SegmentFile(path, FileChannel.open(path, options));
  }

  private static OpenOption directOption() {
    try {
      for (Object option :
          Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants()) {
        if (option.toString().equals("DIRECT")) {
          return (OpenOption) option;
        }
      }
    } catch (ClassNotFoundException e) {
      LOG.info("This Java has no direct I/O: all is written through the cache");
    }
    return null;
  }

  FileChannel channel() {
    return channel;
  }

  /** A channel that writes past the cache, or null where there is none. */
  synchronized FileChannel direct() {
    if (direct == null && !directIsImpossible && !closed) {
      try {
        if (DIRECT != null && Files.getFileStore(path).getBlockSize() <= AlignedBuffers.ALIGNMENT) {
          direct = FileChannel.open(path, StandardOpenOption.WRITE, DIRECT);
        } else {
          directIsImpossible = true;
        }
      } catch (IOException | UnsupportedOperationException e) {
        directIsImpossible = true;
        LOG.info("'{}' is written through the cache: {}", path, e.getMessage());
      }
    }
    return direct;
  }

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    try {
      channel.close();
    } finally {
      if (direct != null) {
        direct.close();
      }
    }
  }
}
