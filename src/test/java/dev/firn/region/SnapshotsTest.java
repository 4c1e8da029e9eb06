package dev.firn.region;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.ErrorKind;
import dev.firn.base.Sizes;
import dev.firn.snapshot.Files;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotState;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotsTest {
  @TempDir Path directory;
  private Region region;

  @BeforeEach
  void open() throws IOException {
    region = Region.open(directory.resolve("home"));
    region.createVolume(VolumeRequest.empty("data", Sizes.GIB));
  }

  @AfterEach
  void close() throws IOException {
    region.close();
  }

  private void write(String path, String content) throws IOException {
    try (FileSystem files = region.openVolume("data", false)) {
      new Files(files).write(path, content);
    }
  }

  private String read(String snapshot, String path) throws IOException {
    try (FileSystem files = region.openSnapshot(snapshot)) {
      return new Files(files).read(path);
    }
  }

  private Snapshot take(String name) throws IOException {
    return region.createSnapshot("data", name, null, Map.of());
  }

  @Test
  void completedSnapshotKeepsWhatTheVolumeWas() throws IOException {
    write("a", "one");
    Snapshot first =
        region.createSnapshot("data", "first", "of the start", Map.of("k", "v", "l", "w"));
    write("a", "two");
    Snapshot second = take(null);
    assertEquals(SnapshotState.COMPLETED, first.state());
    assertEquals(100, first.progress());
    assertEquals("of the start", first.description());
    assertEquals(Map.of("k", "v", "l", "w"), region.snapshot(first.id()).tags());
    assertEquals("data", first.volumeName());
    assertEquals(region.volume("data").id(), first.volumeId());
    assertEquals(Sizes.GIB, first.sizeBytes());
    assertEquals("one", read("first", "a"));
    assertEquals("two", read(second.id(), "a"));
    assertEquals(
        List.of(first.id(), second.id()),
        region.snapshots("data").stream().map(Snapshot::id).toList());
  }

  @Test
  void snapshotOfAnOpenVolumeHoldsAllThatWasWritten() throws IOException {
    try (FileSystem live = region.openVolume("data", false)) {
      Files files = new Files(live);
      files.write("a", "unsynced");
      take("open");
      files.write("a", "later");
      assertEquals("unsynced", read("open", "a"));
    }
  }

  @Test
  void rollbackKeepsTheOldHeadAndNewerSnapshots() throws IOException {
    write("a", "one");
    take("first");
    write("a", "two");
    take("second");
    write("a", "three");
    Snapshot kept = region.rollback("data", "first");
    assertTrue(kept.name().startsWith("before-rollback-"), kept.name());
    assertEquals("three", read(kept.id(), "a"));
    assertEquals("two", read("second", "a"));
    try (FileSystem live = region.openVolume("data", false)) {
      assertEquals("one", new Files(live).read("a"));
      new Files(live).write("b", "new");
    }
    region.rollback("data", "second");
    try (FileSystem live = region.openVolume("data", false)) {
      assertEquals("two", new Files(live).read("a"));
      assertFalse(new Files(live).exists("b"));
      Errors.of(ErrorKind.CONFLICT, "unmount it first", () -> region.rollback("data", "first"));
    }
  }
}
