package dev.firn.crash;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Random operations on a directory, each one system call as the file system sees it, with a model
 * of what the tree must be after each. Files are named f0 to f19, directories d0 to d4.
 */
final class OperationLog {
  private static final int FILES = 20;
  private static final int DIRECTORIES = 5;
  private static final int WRITE_BYTES_MAX = 60_000;

  /** One operation; {@code apply} on the real tree, {@code model} on the model. */
  private interface Operation {
    void apply(Path root) throws IOException;

    void model(NavigableMap<String, byte[]> tree);
  }

  private final Random random;
  private final List<Operation> operations = new ArrayList<>();
  private final NavigableMap<String, byte[]> base;
  private final NavigableMap<String, byte[]> current;
  private final Map<String, Integer> snapshots = new TreeMap<>();
  private final List<String> deletable = new ArrayList<>();
  private final Set<String> deleted = new TreeSet<>();
  private String snapshotAtWork;
  private int durable;

  OperationLog(Random random) {
    this(random, new TreeMap<>(), Set.of());
  }

  /**
   * A log that goes on where another one was found.
   *
   * @param base what the directory holds
   * @param deletable snapshots that are there and may be deleted; without any none are
   */
  OperationLog(Random random, NavigableMap<String, byte[]> base, Set<String> deletable) {
    this.random = random;
    this.base = base;
    this.current = new TreeMap<>(base);
    this.deletable.addAll(deletable);
  }

  /** How many operations were begun. */
  int begun() {
    return operations.size();
  }

  /** How many operations a sync that returned has covered. */
  int durable() {
    return durable;
  }

  /** The snapshots that were completed: name and the operations they hold. */
  Map<String, Integer> snapshots() {
    return snapshots;
  }

  /** The snapshots that were there before, or were taken, and are deleted. */
  Set<String> deleted() {
    return deleted;
  }

  /** The snapshot whose taking or deletion was begun last and has not returned, or null. */
  String snapshotAtWork() {
    return snapshotAtWork;
  }

  /** What the first operations make of the base. */
  NavigableMap<String, byte[]> treeAfter(int count) {
    NavigableMap<String, byte[]> tree = new TreeMap<>(base);
    for (Operation operation : operations.subList(0, count)) {
      operation.model(tree);
    }
    return tree;
  }

  /** Performs operations until the file system breaks off or the limit is reached. */
  void runUntilBroken(Path root, int limit) {
    try {
      for (int i = 0; i < limit; i++) {
        Operation operation = next();
        operations.add(operation);
        operation.apply(root);
        operation.model(current);
        if (random.nextInt(15) == 0 && sync(root)) {
          durable = operations.size();
        }
        if (random.nextInt(150) == 0) {
          takeSnapshot(root);
        }
        if (random.nextInt(150) == 0 && !deletable.isEmpty()) {
          deleteSnapshot(root);
        }
      }
    } catch (IOException e) {
      // The daemon was killed: what was begun last may or may not have happened.
    }
  }

  private void takeSnapshot(Path root) throws IOException {
    String name = "s" + random.nextInt(Integer.MAX_VALUE);
    snapshotAtWork = name;
    Files.createDirectory(root.resolve(".snapshots").resolve(name));
    snapshots.put(name, operations.size());
    durable = operations.size();
    snapshotAtWork = null;
  }

  private void deleteSnapshot(Path root) throws IOException {
    String name = deletable.remove(random.nextInt(deletable.size()));
    snapshotAtWork = name;
    Files.delete(root.resolve(".snapshots").resolve(name));
    deleted.add(name);
    snapshotAtWork = null;
  }

  /** Syncs one file; Firn's commits cover everything done before. */
  private boolean sync(Path root) throws IOException {
    for (String name : current.keySet()) {
      if (name.startsWith("f")) {
        try (FileChannel channel = FileChannel.open(root.resolve(name), StandardOpenOption.WRITE)) {
          channel.force(random.nextBoolean());
        }
        return true;
      }
    }
    return false;
  }

  private Operation next() {
    String file = "f" + random.nextInt(FILES);
    boolean exists = current.containsKey(file);
    int choice = random.nextInt(100);
    if (!exists) {
      return choice < 80 ? create(file) : toggleDirectory();
    }
    byte[] content = current.get(file);
    if (choice < 55) {
      int offset = random.nextInt(3) == 0 ? random.nextInt(content.length + 1) : content.length;
      return write(file, offset, 1 + random.nextInt(WRITE_BYTES_MAX), random.nextLong());
    } else if (choice < 65) {
      return truncate(file, random.nextInt(content.length + 1));
    } else if (choice < 80) {
      return rename(file, "f" + random.nextInt(FILES));
    } else if (choice < 90) {
      return delete(file);
    }
    return toggleDirectory();
  }

  private Operation toggleDirectory() {
    String name = "d" + random.nextInt(DIRECTORIES);
    return current.containsKey(name) ? delete(name) : makeDirectory(name);
  }

  private record Step(Change change, Model model) implements Operation {
    interface Change {
      void apply(Path root) throws IOException;
    }

    interface Model {
      void apply(NavigableMap<String, byte[]> tree);
    }

    @Override
    public void apply(Path root) throws IOException {
      change.apply(root);
    }

    @Override
    public void model(NavigableMap<String, byte[]> tree) {
      model.apply(tree);
    }
  }

  private static Operation create(String name) {
    return new Step(
        root -> Files.createFile(root.resolve(name)), tree -> tree.put(name, new byte[0]));
  }

  private static Operation makeDirectory(String name) {
    return new Step(
        root -> Files.createDirectory(root.resolve(name)), tree -> tree.put(name, new byte[0]));
  }

  private static Operation delete(String name) {
    return new Step(root -> Files.delete(root.resolve(name)), tree -> tree.remove(name));
  }

  private static Operation rename(String from, String to) {
    return new Step(
        root -> Files.move(root.resolve(from), root.resolve(to), StandardCopyOption.ATOMIC_MOVE),
        tree -> {
          byte[] content = tree.remove(from);
          tree.put(to, content);
        });
  }

  private static Operation truncate(String name, int size) {
    return new Step(
        root -> {
          try (FileChannel channel =
              FileChannel.open(root.resolve(name), StandardOpenOption.WRITE)) {
            channel.truncate(size);
          }
        },
        tree -> tree.put(name, Arrays.copyOf(tree.get(name), size)));
  }

  private static Operation write(String name, int offset, int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return new Step(
        root -> {
          try (FileChannel channel =
              FileChannel.open(root.resolve(name), StandardOpenOption.WRITE)) {
            int written = channel.write(ByteBuffer.wrap(bytes), offset);
            if (written != length) {
              throw new IOException("short write of " + written);
            }
          }
        },
        tree -> {
          byte[] old = tree.get(name);
          byte[] content = Arrays.copyOf(old, Math.max(old.length, offset + length));
          System.arraycopy(bytes, 0, content, offset, length);
          tree.put(name, content);
        });
  }

  /** The number of operations whose outcome the tree shows, or -1 if it is no prefix at all. */
  int prefixOf(Path root) throws IOException {
    Map<String, Integer> found = new Fingerprints().of(read(root));
    Fingerprints fingerprints = new Fingerprints();
    NavigableMap<String, byte[]> tree = new TreeMap<>(base);
    int match = found.equals(fingerprints.of(tree)) ? 0 : -1;
    for (int i = 0; i < operations.size(); i++) {
      operations.get(i).model(tree);
      if (found.equals(fingerprints.of(tree))) {
        match = i + 1;
      }
    }
    return match;
  }

  /** Whether a tree, such as a snapshot's, is exactly what the first operations made. */
  boolean isPrefix(Path root, int count) throws IOException {
    return isTree(root, treeAfter(count));
  }

  /** Whether a directory is exactly this tree. */
  static boolean isTree(Path root, NavigableMap<String, byte[]> tree) throws IOException {
    Fingerprints fingerprints = new Fingerprints();
    return fingerprints.of(read(root)).equals(fingerprints.of(tree));
  }

  private static NavigableMap<String, byte[]> read(Path root) throws IOException {
    NavigableMap<String, byte[]> tree = new TreeMap<>();
    try (Stream<Path> files = Files.list(root)) {
      for (Path file : files.toList()) {
        tree.put(
            file.getFileName().toString(),
            Files.isDirectory(file) ? new byte[0] : Files.readAllBytes(file));
      }
    }
    return tree;
  }

  /** Hashes of trees; a content that did not change is not hashed again. */
  private static final class Fingerprints {
    private final Map<byte[], Integer> known = new IdentityHashMap<>();

    Map<String, Integer> of(NavigableMap<String, byte[]> tree) {
      Map<String, Integer> fingerprint = new TreeMap<>();
      tree.forEach(
          (name, content) ->
              fingerprint.put(name, known.computeIfAbsent(content, Arrays::hashCode)));
      return fingerprint;
    }
  }

  /** Where the log stands, for a failure's message. */
  String describe() {
    return "begun " + begun() + ", durable " + durable();
  }
}
