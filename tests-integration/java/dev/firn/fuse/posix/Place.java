package dev.firn.fuse.posix;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.fuse.Mapping;
import dev.firn.fuse.Posix;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * An empty directory that a scenario works in. Names are relative to it: text or bytes, "" is the
 * directory itself. What is opened or mapped through it is closed at the end, also after a failure.
 */
final class Place implements AutoCloseable {
  private static final long COMMAND_SECONDS_MAX = 60;

  private final Path directory;
  private final Set<Integer> open = new ConcurrentSkipListSet<>();
  private final List<Mapping> mappings = new CopyOnWriteArrayList<>();

  Place(Path directory) {
    this.directory = directory;
  }

  Path directory() {
    return directory;
  }

  /** The NUL-terminated path of a name given in parts. */
  byte[] path(Object... name) {
    byte[] path = Posix.path(directory, "/", Posix.path(name));
    // Both ends were terminated.
    return Arrays.copyOf(path, path.length - 1);
  }

  int open(Object name, int flags) {
    return open(name, flags, 0644);
  }

  int open(Object name, int flags, int mode) {
    int fd = (int) check(LIBC.open(path(name), flags, mode));
    open.add(fd);
    return fd;
  }

  /** A new or emptied file, open for reading and writing. */
  int create(Object name) {
    return open(name, Posix.O_RDWR | Posix.O_CREAT | Posix.O_TRUNC);
  }

  /** Makes {@link #close()} close it. */
  int closeAtEnd(int fd) {
    open.add(fd);
    return fd;
  }

  void close(int fd) {
    open.remove(fd);
    check(LIBC.close(fd));
  }

  Mapping map(int fd, long offset, long length, int protection, int flags) {
    Mapping mapping = Mapping.of(fd, offset, length, protection, flags);
    mappings.add(mapping);
    return mapping;
  }

  void write(Object name, byte[] contents) {
    Posix.write(path(name), contents);
  }

  void write(Object name, String contents) {
    Posix.write(path(name), contents.getBytes(StandardCharsets.UTF_8));
  }

  byte[] read(Object name) {
    return Posix.read(path(name));
  }

  String text(Object name) {
    return new String(read(name), StandardCharsets.UTF_8);
  }

  Posix.Status stat(Object name) {
    return Posix.stat(path(name));
  }

  byte[] readLink(Object name) {
    return Posix.readLink(path(name));
  }

  TreeSet<String> list(Object name) {
    return Posix.list(path(name));
  }

  void mkdir(Object name) {
    check(LIBC.mkdir(path(name), 0755));
  }

  void rmdir(Object name) {
    check(LIBC.rmdir(path(name)));
  }

  void unlink(Object name) {
    check(LIBC.unlink(path(name)));
  }

  void link(Object from, Object to) {
    check(LIBC.link(path(from), path(to)));
  }

  /** The target is taken as it is. */
  void symlink(Object target, Object name) {
    check(LIBC.symlink(Posix.path(target), path(name)));
  }

  void rename(Object from, Object to) {
    check(LIBC.rename(path(from), path(to)));
  }

  void rename(Object from, Object to, int flags) {
    check(LIBC.renameat2(Posix.AT_FDCWD, path(from), Posix.AT_FDCWD, path(to), flags));
  }

  void mknod(Object name, int mode, long device) {
    check(LIBC.mknod(path(name), mode, device));
  }

  void chmod(Object name, int mode) {
    check(LIBC.chmod(path(name), mode));
  }

  void chown(Object name, int uid, int gid) {
    check(LIBC.lchown(path(name), uid, gid));
  }

  void truncate(Object name, long sizeBytes) {
    check(LIBC.truncate(path(name), sizeBytes));
  }

  /** Runs a command in this directory; it must exit 0. Answers what it printed, stripped. */
  String run(String... command) {
    Output output = attempt(command);
    assertEquals(0, output.status, String.join(" ", command) + ": " + output.text);
    return output.text;
  }

  /** As {@link #run}, for user and group 1000 without any rights of root. */
  String runAsUser(String... command) {
    List<String> whole = new ArrayList<>(Users.COMMAND);
    whole.addAll(List.of(command));
    return run(whole.toArray(String[]::new));
  }

  /** What a command printed to both outputs, stripped, and its exit status. */
  record Output(int status, String text) {}

  Output attempt(String... command) {
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
      builder.environment().put("LC_ALL", "C.UTF-8");
      Process process = builder.start();
      process.getOutputStream().close();
      String text =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (!process.waitFor(COMMAND_SECONDS_MAX, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(String.join(" ", command) + " did not end: " + text);
      }
      return new Output(process.exitValue(), text);
    } catch (IOException e) {
      throw new AssertionError(String.join(" ", command), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    mappings.forEach(Mapping::close);
    open.forEach(LIBC::close);
    open.clear();
  }
}
