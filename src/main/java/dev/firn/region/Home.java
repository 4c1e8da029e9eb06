package dev.firn.region;

import dev.firn.base.DurableFiles;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.vfs.SetAttributes;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A Region's directory, owned by one process from {@link #open} to {@link #close}.
 *
 * <pre>
 *  format       the format's number: what makes the directory a home
 *  lock         locked by the owner, whose process id it has
 *  catalog.db   SQLite
 *  store/       the block maps and their segments
 *  run/         the daemon's socket
 *  log/         the daemon's log
 *  tmp/         emptied at each start
 *  copy/        what only the catalog knows, once more
 *  secret.key   opens the secrets of access keys; may be missing
 *  scrub.state  where an interrupted scrub goes on; may be missing
 * </pre>
 */
final class Home implements Closeable {
  static final int FORMAT = 1;

  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");
  private static final int LOCK_BYTES_MAX = 32;
  private static final String LOCK = "lock";

  /** Linux's words for EROFS; exceptions carry no number. */
  private static final String READ_ONLY = "Read-only file system";

  private static final String FORMAT_NEW = "format.new";

  /**
   * The homes this process has open. Asked before the lock file is touched: closing a second
   * channel to it would take the lock away from the first.
   */
  private static final Set<Path> OPEN = ConcurrentHashMap.newKeySet();

  private final Path directory;
  private final FileChannel lock;

  private Home(Path directory, FileChannel lock) {
    this.directory = directory;
    this.lock = lock;
  }

  /** Makes the directory a home if it is missing or empty, and takes it. */
  static Home open(Path given) throws IOException {
    try {
      return take(given);
    } catch (FileSystemException e) {
      if (!READ_ONLY.equals(e.getReason())) {
        throw e;
      }
      throw new FirnException(
          ErrorKind.FAILED,
          String.format(
              "home %s is on a disk that is mounted read-only: mount that read-write (if it turned"
                  + " read-only by itself, see to the disk first), or use another home",
              given),
          e);
    }
  }

  private static Home take(Path given) throws IOException {
    Path directory = make(given);
    checkFormat(directory);
    if (!OPEN.add(directory)) {
      throw inUse(directory, Long.toString(ProcessHandle.current().pid()));
    }
    FileChannel lock = null;
    boolean taken = false;
    try {
      lock =
          FileChannel.open(
              directory.resolve(LOCK),
              Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      takeLock(directory, lock);
      Home home = new Home(directory, lock);
      home.layOut();
      taken = true;
      return home;
    } finally {
      if (!taken) {
        if (lock != null) {
          lock.close();
        }
        OPEN.remove(directory);
      }
    }
  }

  /** The real path of the home. */
  Path directory() {
    return directory;
  }

  /** The directory's user and group. */
  SetAttributes owner() throws IOException {
    return SetAttributes.owner(
        (Integer) Files.getAttribute(directory, "unix:uid"),
        (Integer) Files.getAttribute(directory, "unix:gid"));
  }

  Path catalog() {
    return directory.resolve("catalog.db");
  }

  /** How far an interrupted scrub has come. */
  Path scrubState() {
    return directory.resolve("scrub.state");
  }

  /** The key that seals the secrets of access keys; made when first needed. */
  Path secretKey() {
    return directory.resolve("secret.key");
  }

  /** See {@link CatalogCopy}. */
  Path catalogCopy() {
    return directory.resolve("copy");
  }

  Path store() {
    return directory.resolve("store");
  }

  @Override
  public void close() throws IOException {
    try {
      lock.close();
    } finally {
      OPEN.remove(directory);
    }
  }

  private static Path make(Path given) throws IOException {
    Path absolute = given.toAbsolutePath().normalize();
    if (!Files.exists(absolute)) {
      Path parent = absolute.getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      try {
        Files.createDirectory(absolute, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
      } catch (FileAlreadyExistsException e) {
        // Another process made it in between; what it is will be seen below.
      }
    }
    if (!Files.isDirectory(absolute)) {
      throw FirnException.usage("home %s is not a directory: name another", given);
    }
    return absolute.toRealPath();
  }

  private static void checkFormat(Path directory) throws IOException {
    Path file = directory.resolve("format");
    if (!Files.exists(file) && isEmpty(directory)) {
      return;
    }
    // Looked for again: whoever makes a home writes the format before anything else that counts.
    if (!Files.exists(file)) {
      throw FirnException.usage(
          "directory %s is neither a Firn home nor empty: name another for the home", directory);
    }
    String text = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
    if (!text.matches("[1-9][0-9]{0,8}")) {
      throw FirnException.corrupt(
          "home %s has a format file that is no number: restore it, or use another home",
          directory);
    }
    if (Integer.parseInt(text) > FORMAT) {
      throw FirnException.failed(
          "home %s was made by a newer Firn (format %s; this one knows %d): upgrade Firn",
          directory, text, FORMAT);
    }
  }

  /** Whether it holds nothing but what a process left that died while it made a home. */
  private static boolean isEmpty(Path directory) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (!name.equals(LOCK) && !name.equals(FORMAT_NEW)) {
          return false;
        }
      }
    }
    return true;
  }

  private static void takeLock(Path directory, FileChannel channel) throws IOException {
    FileLock taken = channel.tryLock();
    if (taken == null) {
      ByteBuffer text = ByteBuffer.allocate(LOCK_BYTES_MAX);
      channel.read(text, 0);
      String pid = new String(text.array(), 0, text.position(), StandardCharsets.US_ASCII);
      throw inUse(directory, pid.strip().isEmpty() ? "unknown" : pid.strip());
    }
    String pid = ProcessHandle.current().pid() + "\n";
    channel.truncate(0);
    channel.write(ByteBuffer.wrap(pid.getBytes(StandardCharsets.US_ASCII)), 0);
  }

  private static FirnException inUse(Path directory, String pid) {
    return FirnException.conflict(
        "home %s is in use by process %s: stop that ('firn daemon stop'), or use another home",
        directory, pid);
  }

  private void layOut() throws IOException {
    // Once more under the lock: another process may have made the home in between.
    checkFormat(directory);
    Files.setPosixFilePermissions(directory, OWNER_ONLY);
    writeFormat();
    clear(directory.resolve("tmp"));
    for (String name : new String[] {"store", "run", "log", "tmp"}) {
      Files.createDirectories(directory.resolve(name));
    }
  }

  /** Comes before the rest: without it, what is in a directory makes it somebody else's. */
  private void writeFormat() throws IOException {
    Path format = directory.resolve("format");
    if (!Files.exists(format)) {
      Path fresh = directory.resolve(FORMAT_NEW);
      Files.writeString(fresh, FORMAT + "\n", StandardCharsets.US_ASCII);
      DurableFiles.force(fresh);
      Files.move(fresh, format, StandardCopyOption.ATOMIC_MOVE);
      DurableFiles.force(directory);
    }
  }

  private static void clear(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return;
    }
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
