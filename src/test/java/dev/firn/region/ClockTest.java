package dev.firn.region;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.base.Sizes;
import dev.firn.snapshot.Files;
import dev.firn.snapshot.Snapshot;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The wall clock stands still and jumps back: what came later is later all the same. */
class ClockTest {
  private static final Instant START = Instant.parse("2031-05-01T12:00:00Z");

  @TempDir Path directory;

  private static final class SetClock extends Clock {
    private Instant now = START;

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      throw new UnsupportedOperationException();
    }
  }

  private final SetClock clock = new SetClock();

  private static void write(Region region, String text) throws IOException {
    try (FileSystem files = region.openVolume("data", false)) {
      new Files(files).write("a", text);
    }
  }

  private static String read(Region region, String snapshot) throws IOException {
    try (FileSystem files = region.openSnapshot(snapshot)) {
      return new Files(files).read("a");
    }
  }

  @Test
  void snapshotsAreInTheOrderInWhichTheyWereTaken() throws IOException {
    try (Region region = Region.open(directory.resolve("home"), clock)) {
      region.createVolume(VolumeRequest.empty("data", Sizes.GIB));
      List<String> names = new ArrayList<>();
      List<String> ids = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        // Twice at each moment, each moment an hour before the last one.
        clock.now = START.minus(Duration.ofHours(i / 2));
        write(region, "text " + i);
        Snapshot taken = region.createSnapshot("data", "s" + i, null, Map.of());
        assertEquals(clock.now, taken.createdAt());
        names.add(taken.name());
        ids.add(taken.id());
        assertEquals("text " + i, read(region, "data@last"));
      }
      assertEquals(names, region.snapshots("data").stream().map(Snapshot::name).toList());
      assertEquals(names, region.snapshots(null).stream().map(Snapshot::name).toList());
      assertEquals("s4", region.snapshot("data@-2").name());
      assertEquals(ids.size(), new HashSet<>(ids).size());
      region.createVolume(VolumeRequest.empty("later", Sizes.GIB));
      assertEquals(List.of("data", "later"), region.volumes().stream().map(Volume::name).toList());
    }
  }

  @Test
  void goingBackTwiceAtTheSameMomentKeepsBothStates() throws IOException {
    try (Region region = Region.open(directory.resolve("home"), clock)) {
      region.createVolume(VolumeRequest.empty("data", Sizes.GIB));
      write(region, "first");
      region.createSnapshot("data", "first", null, Map.of());
      List<String> kept = new ArrayList<>();
      for (String text : List.of("one", "two", "three")) {
        write(region, text);
        kept.add(region.rollback("data", "data@first").name());
      }
      assertEquals(
          List.of(
              "before-rollback-20310501T120000.000Z",
              "before-rollback-20310501T120000.000Z-2",
              "before-rollback-20310501T120000.000Z-3"),
          kept);
      assertEquals("one", read(region, kept.get(0)));
      assertEquals("three", read(region, kept.get(2)));
    }
  }
}
