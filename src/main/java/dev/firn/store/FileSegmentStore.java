package dev.firn.store;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import dev.firn.base.DiskErrors;
import dev.firn.base.DurableFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Segments as files {@code segments/PLACEMENT/XXXXXXXX-XXXXXXXX.seg} (volume and sequence number in
 * hexadecimal), and beside them {@code reserve}, which holds blocks and no bytes. Safe for
 * concurrent use. Threads that come here should not be interrupted: an interrupt closes the channel
 * for all, and each of them begins again with another.
 */
public final class FileSegmentStore implements SegmentStore {
  private static final Logger LOG = LoggerFactory.getLogger(FileSegmentStore.class);
  private static final String SUFFIX = ".seg";
  private static final String RESERVE = "reserve";
  private static final int OPEN_FILES_MAX = 512;

  private final Map<String, Path> directories = new TreeMap<>();
  private final Map<Long, Path> paths = new ConcurrentHashMap<>();
  private final LoadingCache<Long, SegmentFile> files =
      Caffeine.newBuilder()
          .maximumSize(OPEN_FILES_MAX)
          .executor(Runnable::run)
          .<Long, SegmentFile>evictionListener((segment, file, cause) -> closeQuietly(file))
          .build(this::open);

  /**
   * Opens the store and lists what is there.
   *
   * @param directory holds one directory a placement; all are made when missing
   */
  public FileSegmentStore(Path directory, List<String> placements) throws IOException {
    for (String placement : placements) {
      directories.put(placement, Files.createDirectories(directory.resolve(placement)));
    }
    // Or a power cut could take a directory, with all that is forced in it.
    DurableFiles.force(directory);
    try (DirectoryStream<Path> known = Files.newDirectoryStream(directory, Files::isDirectory)) {
      for (Path placement : known) {
        directories.put(placement.getFileName().toString(), placement);
      }
    }
    for (Path placement : directories.values()) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(placement, "*" + SUFFIX)) {
        for (Path file : files) {
          paths.put(parseName(file), file);
        }
      }
    }
  }

  @Override
  public void create(long segment, String placement) throws IOException {
    Path directory = directory(placement);
    Path path = directory.resolve(fileName(segment));
    SegmentFile file = SegmentFile.create(path);
    paths.put(segment, path);
    files.put(segment, file);
    DurableFiles.force(directory);
  }

  @Override
  public void write(long segment, long offset, ByteBuffer... sources) throws IOException {
    int[] starts = positions(sources);
    withFile(
        segment,
        file -> {
          reset(sources, starts);
          if (isLong(sources)) {
            file.vectored().write(offset, sources);
          } else {
            writeAll(file.writable(), offset, sources);
          }
          return null;
        });
  }

  @Override
  public void writeCached(long segment, long offset, ByteBuffer... sources) throws IOException {
    int[] starts = positions(sources);
    withFile(
        segment,
        file -> {
          reset(sources, starts);
          writeAll(file.writable(), offset, sources);
          return null;
        });
  }

  private static int[] positions(ByteBuffer[] buffers) {
    int[] positions = new int[buffers.length];
    for (int i = 0; i < buffers.length; i++) {
      positions[i] = buffers[i].position();
    }
    return positions;
  }

  private static void reset(ByteBuffer[] buffers, int[] positions) {
    for (int i = 0; i < buffers.length; i++) {
      buffers[i].position(positions[i]);
    }
  }

  private static boolean isLong(ByteBuffer[] sources) {
    int bytes = 0;
    for (ByteBuffer source : sources) {
      if (!source.isDirect()) {
        return false;
      }
      bytes += source.remaining();
    }
    return bytes >= VectoredFile.LONG_BYTES_MIN;
  }

  private static void writeAll(FileChannel channel, long offset, ByteBuffer... sources)
      throws IOException {
    long at = offset;
    for (ByteBuffer source : sources) {
      while (source.hasRemaining()) {
        at += channel.write(source, at);
      }
    }
  }

  @Override
  public void prepare(long segment, long offset, int length) throws IOException {
    write(segment, offset, ByteBuffer.allocate(length));
  }

  @Override
  public int read(long segment, long offset, ByteBuffer... targets) throws IOException {
    int[] starts = positions(targets);
    return withFile(
        segment,
        file -> {
          reset(targets, starts);
          if (targets.length > 1) {
            return file.pieces().read(offset, targets);
          }
          if (targets[0].isDirect() && targets[0].remaining() < VectoredFile.LONG_BYTES_MIN) {
            return file.scattered().read(offset, targets);
          }
          return readAll(file.channel(), offset, targets[0]);
        });
  }

  private static int readAll(FileChannel channel, long offset, ByteBuffer target)
      throws IOException {
    long at = offset;
    while (target.hasRemaining()) {
      int count = channel.read(target, at);
      if (count < 0) {
        break;
      }
      at += count;
    }
    return (int) (at - offset);
  }

  @Override
  public void force(long segment) throws IOException {
    withFile(
        segment,
        file -> {
          file.force();
          return null;
        });
  }

  @Override
  public void settle(long segment) throws IOException {
    force(segment);
    NativeFiles.dropCache(path(segment));
  }

  private interface FileAction<T> {
    T run(SegmentFile file) throws IOException;
  }

  /**
   * Runs an action, again if its file was evicted and closed meanwhile, or closed by an interrupt;
   * so it must begin with what it began with. The thread is as interrupted afterwards as before.
   */
  private <T> T withFile(long segment, FileAction<T> action) throws IOException {
    boolean interrupted = false;
    try {
      while (true) {
        SegmentFile file = file(segment);
        try {
          return action.run(file);
        } catch (ClosedChannelException e) {
          if (!paths.containsKey(segment)) {
            throw e;
          }
          // With that set, the next channel would be closed at once, too.
          interrupted |= Thread.interrupted();
          files.asMap().remove(segment, file);
          // An interrupt closes no more of it than the channel.
          file.close();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public long length(long segment) throws IOException {
    return Files.size(path(segment));
  }

  @Override
  public boolean exists(long segment) {
    return paths.containsKey(segment);
  }

  @Override
  public List<Long> list() {
    List<Long> segments = new ArrayList<>(paths.keySet());
    Collections.sort(segments);
    return segments;
  }

  @Override
  public long punch(long segment, long from, long to) throws IOException {
    try {
      return NativeFiles.punch(path(segment), from, to);
    } catch (UnsupportedOperationException e) {
      LOG.debug("only whole segments can be given back", e);
      return 0;
    }
  }

  @Override
  public long allocatedBytes(long segment, long from, long to) throws IOException {
    return NativeFiles.allocatedBytes(path(segment), from, to);
  }

  @Override
  public void delete(long segment) throws IOException {
    Path path = paths.remove(segment);
    if (path != null) {
      SegmentFile file = files.asMap().remove(segment);
      if (file != null) {
        file.close();
      }
      Files.deleteIfExists(path);
    }
  }

  @Override
  public boolean keepReserve(String placement, long bytes) throws IOException {
    Path file = directory(placement).resolve(RESERVE);
    boolean kept = false;
    try {
      if (!Files.exists(file)) {
        Files.createFile(file);
      }
      NativeFiles.allocate(file, bytes);
      kept = true;
    } catch (UnsupportedOperationException e) {
      LOG.debug("nothing can be set aside for a full disk", e);
    } catch (IOException e) {
      if (DiskErrors.saysFull(e.getMessage())) {
        throw new NoSpaceException("the disk has no room for what is kept for deleting", e);
      }
      throw e;
    } finally {
      if (!kept) {
        Files.deleteIfExists(file);
      }
    }
    return kept;
  }

  @Override
  public void giveUpReserve(String placement) throws IOException {
    Files.deleteIfExists(directory(placement).resolve(RESERVE));
  }

  @Override
  public long usableBytes(String placement) throws IOException {
    return Files.getFileStore(directory(placement)).getUsableSpace();
  }

  @Override
  public long totalBytes(String placement) throws IOException {
    return Files.getFileStore(directory(placement)).getTotalSpace();
  }

  @Override
  public void close() throws IOException {
    for (SegmentFile file : files.asMap().values()) {
      file.close();
    }
    files.invalidateAll();
  }

  private Path directory(String placement) throws IOException {
    Path directory = directories.get(placement);
    if (directory == null) {
      throw new IOException("no placement '" + placement + "' among " + directories.keySet());
    }
    return directory;
  }

  private Path path(long segment) throws NoSuchFileException {
    Path path = paths.get(segment);
    if (path == null) {
      throw new NoSuchFileException("segment " + fileName(segment));
    }
    return path;
  }

  private SegmentFile file(long segment) throws IOException {
    try {
      return files.get(segment);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private SegmentFile open(long segment) {
    try {
      return SegmentFile.open(path(segment));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A failed close says nothing new: what had to be durable was forced before. */
  private static void closeQuietly(SegmentFile file) {
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String fileName(long segment) {
    return String.format("%08x-%08x%s", segment >>> 32, segment & 0xffffffffL, SUFFIX);
  }

  private static long parseName(Path file) throws CorruptDataException {
    String name = file.getFileName().toString();
    if (!name.matches("[0-9a-f]{8}-[0-9a-f]{8}\\.seg")) {
      throw new CorruptDataException("'" + file + "' is not named like a segment: move it away");
    }
    return Long.parseUnsignedLong(name.substring(0, 8), 16) << 32
        | Long.parseUnsignedLong(name.substring(9, 17), 16);
  }
}
