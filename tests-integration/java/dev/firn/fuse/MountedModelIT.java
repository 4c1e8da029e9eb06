package dev.firn.fuse;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.vfs.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The same random operations on a mounted volume and on a directory of the host's own file system:
 * every answer and the trees must be the same. Snapshots taken on the way must equal the host's
 * tree of that moment, also at the end, when the volume has moved on.
 */
@ParameterizedClass
@MethodSource("dev.firn.fuse.TestTransports#all")
class MountedModelIT {
  private static final int ROUNDS = 10;
  private static final int OPERATIONS_PER_ROUND = 300;
  private static final int PROGRAMS = 4;

  @Parameter Transport transport;

  @TempDir Path scratch;

  /** A snapshot, and what the model was like. */
  private record Moment(FileSystem snapshot, TreeMap<String, String> tree) {}

  @Test
  void aVolumeBehavesAsTheHostsFileSystem() throws Exception {
    long seed = seed();
    Path model = Files.createDirectory(scratch.resolve("model"));
    byte[] modelRoot = Posix.path(model);
    List<Moment> moments = new ArrayList<>();
    try (TestVolume volume = new TestVolume();
        TestMount mount = new TestMount(transport, volume.fileSystem(), "suid", "dev");
        ModelOperations operations = new ModelOperations(seed, mount.path(), modelRoot)) {
      Posix.check(Posix.LIBC.chmod(modelRoot, 0755));
      for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < OPERATIONS_PER_ROUND; i++) {
          operations.step();
        }
        TreeMap<String, String> tree = TreeDump.of(modelRoot);
        assertSame(tree, TreeDump.of(mount.path()), "round " + round);
        moments.add(new Moment(volume.snapshot(), tree));
        assertSnapshot(moments.get(round), round);
      }
      for (int round = 0; round < ROUNDS; round++) {
        assertSnapshot(moments.get(round), round);
      }
      operations.closeFiles();
      mount.mount().unmount();
      assertSnapshot(new Moment(volume.reopen(), moments.get(ROUNDS - 1).tree), ROUNDS);
    }
  }

  @Test
  void severalProgramsAtOnceDoNotDisturbEachOther() throws Exception {
    long seed = seed();
    Path model = Files.createDirectory(scratch.resolve("model"));
    ExecutorService programs = Executors.newFixedThreadPool(PROGRAMS);
    try (TestVolume volume = new TestVolume();
        TestMount mount = new TestMount(transport, volume.fileSystem(), "suid", "dev")) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < PROGRAMS; i++) {
        String name = "program-" + i;
        Path below = Files.createDirectory(model.resolve(name));
        Posix.check(Posix.LIBC.mkdir(mount.path(name), 0755));
        ModelOperations operations =
            new ModelOperations(seed + i, mount.path(name), Posix.path(below));
        running.add(
            programs.submit(
                () -> {
                  try (operations) {
                    for (int step = 0; step < OPERATIONS_PER_ROUND; step++) {
                      operations.step();
                    }
                  }
                }));
      }
      for (Future<?> program : running) {
        program.get();
      }
      Posix.check(Posix.LIBC.chmod(Posix.path(model), 0755));
      assertSame(TreeDump.of(Posix.path(model)), TreeDump.of(mount.path()), "at the end");
    } finally {
      programs.shutdownNow();
    }
  }

  private static long seed() {
    String given = System.getProperty("firn.seed", "");
    long seed = given.isBlank() ? new Random().nextLong() : Long.parseLong(given);
    System.out.println("MountedModelIT: firn.seed=" + seed);
    return seed;
  }

  private void assertSnapshot(Moment moment, int round) throws Exception {
    Path directory = Files.createDirectory(scratch.resolve("snapshot"));
    try (TestMount mount = new TestMount(transport, moment.snapshot, directory, true)) {
      assertSame(moment.tree, TreeDump.of(mount.path()), "snapshot " + round);
    }
  }

  private static void assertSame(
      TreeMap<String, String> expected, TreeMap<String, String> actual, String where) {
    assertEquals(expected.keySet(), actual.keySet(), where);
    expected.forEach((path, line) -> assertEquals(line, actual.get(path), where + ": " + path));
  }
}
