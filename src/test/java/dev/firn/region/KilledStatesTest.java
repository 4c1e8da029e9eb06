package dev.firn.region;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.Sizes;
import dev.firn.map.MapStore;
import dev.firn.snapshot.Files;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotState;
import dev.firn.vfs.Disk;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever state things are in when the process is killed, the next start finishes what was begun
 * or undoes it, and what is left fits together.
 */
class KilledStatesTest {
  private static final long DISK_BYTES = 16 * Sizes.MIB;

  @TempDir Path directory;
  private Path home;

  @BeforeEach
  void fill() throws IOException {
    home = directory.resolve("home");
    try (Region region = Region.open(home)) {
      region.createVolume(VolumeRequest.empty("data", Sizes.GIB));
      try (FileSystem files = region.openVolume("data", false)) {
        new Files(files).write("a", "text");
      }
      region.createSnapshot("data", "one", null, Map.of("k", "v"));
      region.createSnapshot("data", "two", null, Map.of());
      region.createVolume(new VolumeRequest("disk", "block", DISK_BYTES, null, null, null));
    }
  }

  /** What must hold of a home after a start. */
  @FunctionalInterface
  private interface Check {
    void run(Region region, String what) throws IOException;
  }

  /**
   * Kills the process in each state that the work goes through.
   *
   * @param states a query whose answers are the states
   * @param seen those that must be among them
   */
  private void killed(KilledHome.Work work, String states, Set<String> seen, Check check)
      throws Exception {
    Set<String> met = new TreeSet<>();
    for (Path left : KilledHome.during(home, directory.resolve("killed"), work)) {
      Set<String> now = query(left, states);
      met.addAll(now);
      String what = "killed at " + left.getFileName() + ", in " + now;
      try (Region region = Region.open(left)) {
        check.run(region, what);
        requireSettled(region, what);
      }
      requireNoOtherMaps(left, what);
      // And once more, from what that start has left.
      try (Region region = Region.open(left)) {
        check.run(region, what);
      }
    }
    assertTrue(met.containsAll(seen), met.toString());
  }

  private static Set<String> query(Path home, String query) throws SQLException {
    Set<String> answers = new TreeSet<>();
    try (Connection catalog =
            DriverManager.getConnection("jdbc:sqlite:" + home.resolve("catalog.db"));
        Statement statement = catalog.createStatement();
        ResultSet results = statement.executeQuery(query)) {
      while (results.next()) {
        answers.add(results.getString(1));
      }
    }
    return answers;
  }

  private static void requireSettled(Region region, String what) throws IOException {
    // Before anything is opened, which mends what opening can mend.
    List<String> problems = new ArrayList<>();
    region.upkeep().check(false, problems(problems));
    assertEquals(List.of(), problems, what);
    Set<SnapshotState> settled = Set.of(SnapshotState.COMPLETED, SnapshotState.ERROR);
    for (Snapshot snapshot : region.snapshots(null)) {
      assertTrue(settled.contains(snapshot.state()), what + ": " + snapshot);
      if (snapshot.state() == SnapshotState.COMPLETED) {
        try (FileSystem files = region.openSnapshot(snapshot.id())) {
          assertEquals("text", new Files(files).read("a"), what);
        }
      }
    }
    for (Volume volume : region.volumes()) {
      assertEquals(VolumeState.AVAILABLE, volume.state(), what);
      region.openVolume(volume.id(), false).close();
    }
    for (UpdateTask task : region.cloud().updates(0, 100)) {
      assertTrue(Set.of("completed", "failed").contains(task.state()), what + ": " + task);
    }
  }

  private static ScrubListener problems(List<String> problems) {
    return new ScrubListener() {
      @Override
      public void progress(long doneBytes, long totalBytes) {}

      @Override
      public void damaged(Damage damage) {
        problems.add(damage.toString());
      }
    };
  }

  /** Each map is of a volume or of snapshots. */
  private static void requireNoOtherMaps(Path home, String what) throws Exception {
    String known = "SELECT number FROM volumes UNION SELECT volume_number FROM snapshots";
    Set<String> maps = new TreeSet<>();
    try (MapStore store = MapStore.open(home.resolve("store"), List.of("local-1a"))) {
      store.list().forEach(number -> maps.add(Long.toString(number)));
    }
    assertEquals(query(home, known), maps, what);
  }

  @Test
  void aSnapshotThatIsTaken() throws Exception {
    killed(
        region -> {
          String id = region.requestSnapshot("data", "new", null, Map.of("a", "b")).id();
          while (region.snapshot(id).state() != SnapshotState.COMPLETED) {
            Thread.onSpinWait();
          }
        },
        "SELECT state FROM snapshots WHERE name = 'new'",
        Set.of("in-queue", "pending", "completed"),
        (region, what) -> {
          for (Snapshot each : region.snapshots("data")) {
            boolean failed = each.state() == SnapshotState.ERROR;
            assertEquals(failed, each.failure() != null, what);
            assertTrue(!failed || each.name().equals("new"), what);
          }
        });
  }

  @Test
  void aCopyThatIsMade() throws Exception {
    killed(
        region -> region.copySnapshot("data@one", "new", null),
        "SELECT state FROM snapshots WHERE name = 'new'",
        Set.of("in-queue", "pending", "completed"),
        (region, what) -> assertEquals(2, region.snapshots("data").size(), what));
  }

  @Test
  void aSnapshotThatIsDeleted() throws Exception {
    killed(
        region -> region.deleteSnapshots(List.of("data@one")),
        "SELECT state FROM snapshots WHERE name = 'one'",
        Set.of("completed", "deleting"),
        (region, what) -> {
          assertEquals(SnapshotState.COMPLETED, region.snapshot("data@two").state(), what);
          assertTrue(region.snapshots("data").size() <= 2, what);
        });
  }

  @Test
  void aSnapshotThatIsDeletedWhileItIsRead() throws Exception {
    killed(
        region -> {
          try (FileSystem reader = region.openSnapshot("data@one")) {
            region.deleteSnapshots(List.of("data@one"));
            new Files(reader).read("a");
          }
        },
        "SELECT state FROM snapshots WHERE name = 'one'",
        Set.of("deleting"),
        (region, what) ->
            assertEquals(SnapshotState.COMPLETED, region.snapshot("data@two").state(), what));
  }

  @Test
  void aVolumeThatIsMade() throws Exception {
    killed(
        region -> {
          region.createVolume(VolumeRequest.empty("new", Sizes.GIB));
          region.createVolume(new VolumeRequest("new-disk", "block", DISK_BYTES, null, null, null));
          region.createVolume(VolumeRequest.from("new-clone", "data@one"));
        },
        "SELECT state FROM volumes WHERE name LIKE 'new%'",
        Set.of("creating", "available"),
        (region, what) -> {
          for (Volume volume : region.volumes()) {
            if (volume.name().equals("new-clone")) {
              try (FileSystem files = region.openVolume("new-clone", false)) {
                assertEquals("text", new Files(files).read("a"), what);
              }
            }
          }
        });
  }

  @Test
  void aVolumeThatIsDeleted() throws Exception {
    killed(
        region -> {
          region.deleteVolume("data");
          region.deleteVolume("disk");
        },
        "SELECT state FROM volumes",
        Set.of("available", "deleting"),
        (region, what) -> assertEquals(2, region.snapshots(null).size(), what));
  }

  @Test
  void aVolumeThatIsUpdated() throws Exception {
    VolumeOffer offer = new VolumeOffer("io1", 150);
    killed(
        region -> {
          region.cloud().update("data", 3 * Sizes.GIB, offer);
          region.cloud().update("disk", 2 * DISK_BYTES, null);
        },
        "SELECT state FROM volume_update_tasks",
        Set.of("active", "completed"),
        (region, what) -> {
          Map<String, VolumeOffer> offers = region.cloud().offers();
          for (UpdateTask task : region.cloud().updates(0, 100)) {
            Volume volume = region.volume(task.volumeId());
            boolean done = task.state().equals("completed");
            UpdateTask.Size expected = done ? task.target() : task.origin();
            assertEquals(expected.sizeBytes(), volume.sizeBytes(), what);
            assertEquals(
                expected.offer(), offers.getOrDefault(volume.id(), VolumeOffer.STANDARD), what);
            if (done) {
              assertNull(task.comment(), what);
            } else {
              assertTrue(task.comment().contains("try again"), task.comment());
            }
          }
          Volume disk = region.volume("disk");
          try (FileSystem files = region.openVolume("disk", false)) {
            long inode = files.lookup(FileSystem.ROOT_INODE, Disk.name()).inode();
            assertEquals(disk.sizeBytes(), files.getAttributes(inode).sizeBytes(), what);
          }
        });
  }

  @Test
  void aChangeOfAType() throws Exception {
    VolumeOffer offer = new VolumeOffer("gp2", null);
    killed(
        region -> region.cloud().update("data", null, offer),
        "SELECT state FROM volume_update_tasks",
        Set.of("active", "completed"),
        (region, what) -> {
          // Nothing stands in its way, so it is done.
          for (UpdateTask task : region.cloud().updates(0, 100)) {
            assertEquals("completed", task.state(), what);
            assertEquals(offer, region.cloud().offers().get(task.volumeId()), what);
          }
        });
  }
}
