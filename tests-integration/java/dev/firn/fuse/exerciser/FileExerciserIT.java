package dev.firn.fuse.exerciser;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.firn.Seeds;
import dev.firn.fuse.Mapping;
import dev.firn.fuse.Posix;
import dev.firn.fuse.TestMount;
import dev.firn.fuse.Transport;
import dev.firn.fuse.jnr.JnrFuseTransport;
import dev.firn.region.Region;
import dev.firn.region.VolumeRequest;
import dev.firn.vfs.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random operations on a file, by write(2), mapping, copy_file_range(2) and more, with snapshots in
 * between that must stay what the file was. The host's own file system says that the exerciser is
 * right. {@code -Dfirn.exerciser.operations=1000000} makes it a soak test.
 */
class FileExerciserIT {
  private static final int OPERATIONS = Integer.getInteger("firn.exerciser.operations", 4000);
  private static final int OPERATIONS_PER_SNAPSHOT = 100;
  private static final int SNAPSHOTS_MAX = 8;
  private static final long SIZE_BYTES = 1L << 30;

  @TempDir Path scratch;

  /** A snapshot, and what the file was when it was taken. */
  private record Moment(String name, byte[] contents) {}

  @Test
  void theHostsFileSystemHoldsWhatTheExerciserExpects() throws Exception {
    Path directory = Files.createTempDirectory(Path.of("/var/tmp"), "firn-exerciser-");
    byte[] path = Posix.path(directory, "/file");
    byte[] other = Posix.path(directory, "/other");
    try (FileExerciser exerciser =
        new FileExerciser(Seeds.random("FileExerciserIT on the host"), path, other)) {
      for (int i = 0; i < OPERATIONS; i++) {
        step(exerciser);
      }
      exerciser.checkAll();
    } finally {
      check(LIBC.unlink(path));
      check(LIBC.unlink(other));
      Files.delete(directory);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.firn.fuse.TestTransports#all")
  void aVolumeAndItsSnapshotsHoldWhatTheyShould(Transport transport) throws Exception {
    Random random = Seeds.random("FileExerciserIT on " + transport.name());
    try (Region region = Region.open(scratch.resolve("home"))) {
      region.createVolume(VolumeRequest.empty("data", SIZE_BYTES));
      try (FileSystem volume = region.openVolume("data", false)) {
        byte[] expected;
        try (TestMount mount = new TestMount(transport, volume);
            FileExerciser exerciser =
                new FileExerciser(random, mount.path("file"), mount.path("other"))) {
          // Stores to mappings stay in the kernel of a transport that cannot ask for them.
          boolean syncFirst = transport.name().equals(JnrFuseTransport.NAME);
          exercise(exerciser, mount, random, syncFirst);
          expected = exerciser.expected();
        }
        try (TestMount mount = new TestMount(transport, volume)) {
          assertArrayEquals(expected, Posix.read(mount.path("file")));
        }
      }
    }
  }

  private static void exercise(
      FileExerciser exerciser, TestMount mount, Random random, boolean syncFirst) {
    List<Moment> moments = new ArrayList<>();
    for (int i = 0; i < OPERATIONS; i++) {
      step(exerciser);
      if (i % OPERATIONS_PER_SNAPSHOT == 0) {
        if (syncFirst) {
          exerciser.syncFile();
        }
        Moment moment = new Moment("at-" + i, exerciser.expected());
        check(LIBC.mkdir(mount.path(".snapshots/", moment.name), 0755));
        moments.add(moment);
        checkMoment(exerciser, mount, moment);
        if (moments.size() > SNAPSHOTS_MAX) {
          Moment gone = moments.remove(random.nextInt(moments.size()));
          checkMoment(exerciser, mount, gone);
          check(LIBC.rmdir(mount.path(".snapshots/", gone.name)));
        }
      }
    }
    exerciser.checkAll();
    for (Moment moment : moments) {
      checkMoment(exerciser, mount, moment);
    }
  }

  private static void step(FileExerciser exerciser) {
    try {
      exerciser.step();
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError(e.getMessage() + " after " + exerciser.history(), e);
    }
  }

  private static void checkMoment(FileExerciser exerciser, TestMount mount, Moment moment) {
    byte[] path = mount.path(".snapshots/", moment.name, "/file");
    assertArrayEquals(
        moment.contents,
        Posix.read(path),
        () -> "snapshot " + moment.name + " after " + exerciser.history());
    int fd = Posix.open(path, Posix.O_RDONLY);
    try {
      if (moment.contents.length > 0) {
        long length = moment.contents.length;
        try (Mapping mapping = Mapping.of(fd, 0, length, Mapping.PROT_READ, Mapping.MAP_SHARED)) {
          assertArrayEquals(moment.contents, mapping.get(0, (int) length), moment.name);
        }
      }
    } finally {
      check(LIBC.close(fd));
    }
  }
}
