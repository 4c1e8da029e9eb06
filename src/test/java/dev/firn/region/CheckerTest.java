package dev.firn.region;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.base.Bytes;
import dev.firn.base.Sizes;
import dev.firn.map.FrozenMap;
import dev.firn.map.MapStore;
import dev.firn.map.VolumeMap;
import dev.firn.snapshot.Files;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.Keys;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where catalog, store and the file systems in it disagree, it is told. */
class CheckerTest {
  private static final String SUBREGION = "local-1a";

  @TempDir Path directory;
  private Region region;

  @BeforeEach
  void fill() throws IOException {
    open();
    region.createVolume(VolumeRequest.empty("data", Sizes.GIB));
    try (FileSystem files = region.openVolume("data", false)) {
      new Files(files).makeDirectory("folder");
      new Files(files).write("folder/file", "text".repeat(1000));
    }
    region.createSnapshot("data", "one", null, Map.of());
    region.createVolume(VolumeRequest.from("clone", "data@one"));
    assertEquals(List.of(), problems());
  }

  private void open() throws IOException {
    region = Region.open(directory.resolve("home"));
  }

  @AfterEach
  void close() throws IOException {
    region.close();
  }

  private void restartAfter(ClosedHome.Change meanwhile) throws IOException {
    region.close();
    new ClosedHome(directory.resolve("home")).change(meanwhile);
    open();
  }

  private static final class Collector implements ScrubListener {
    private final List<String> found = new ArrayList<>();

    @Override
    public void progress(long doneBytes, long totalBytes) {}

    @Override
    public void damaged(Damage damage) {
      found.add(
          damage.volume()
              + (damage.snapshot() == null ? "" : "@" + damage.snapshot())
              + (damage.path() == null ? "" : " " + Bytes.text(damage.path()))
              + ": "
              + damage.problem());
    }
  }

  private List<String> problems() throws IOException {
    Collector collector = new Collector();
    assertEquals(region.upkeep().check(false, collector), collector.found.size());
    return collector.found;
  }

  @Test
  void aMapWithoutARow() throws IOException {
    restartAfter((catalog, store) -> store.create(9, new MapStore.VolumeOptions(SUBREGION, "lz4")));
    assertEquals(List.of("map 9: is in the store but not in the catalog"), problems());
  }

  @Test
  void aRowWithoutAMap() throws IOException {
    restartAfter((catalog, store) -> store.delete(2));
    assertEquals(List.of("clone: is in the catalog but not in the store"), problems());
  }

  @Test
  void aSnapshotWithoutARoot() throws IOException {
    restartAfter(
        (catalog, store) -> {
          try (VolumeMap map = store.open(1)) {
            map.dropFrozen(1);
          }
        });
    assertEquals(List.of("data@one: is in the catalog but not in the store"), problems());
  }

  @Test
  void aRootWithoutASnapshot() throws IOException {
    restartAfter(
        (catalog, store) -> {
          try (VolumeMap map = store.open(1)) {
            map.freezeAs(77, Bytes.EMPTY);
          }
        });
    assertEquals(List.of("data@number 77: is in the store but not in the catalog"), problems());
  }

  @Test
  void aMapThatSaysAnother() throws IOException {
    restartAfter((catalog, store) -> store.open(2).setMetadata(VolumeMetadata.NO_VOLUME));
    assertEquals(
        List.of(
            "clone: does not say in the store what the catalog says of it: mounting it will mend"
                + " that"),
        problems());
    region.openVolume("clone", false).close();
    assertEquals(List.of(), problems());
  }

  @Test
  void aFileSystemThatDoesNotFitTogetherInASnapshot() throws IOException {
    restartAfter(
        (catalog, store) -> {
          try (VolumeMap map = store.open(2)) {
            long file = fileIn(map);
            map.write(editor -> editor.delete(Keys.extent(file, 0)));
            map.freezeAs(50, Bytes.EMPTY);
          }
        });
    List<String> problems = problems();
    String broken = "/folder/file: inode 4 says 4000 bytes of data where there are 0";
    assertEquals(
        List.of(
            "clone " + broken,
            "clone@number 50: is in the store but not in the catalog",
            "clone@number 50 " + broken),
        problems);
    Collector heads = new Collector();
    assertEquals(2, region.upkeep().check(true, heads), heads.found.toString());
  }

  private static long fileIn(VolumeMap map) throws IOException {
    try (FrozenMap head = map.freeze()) {
      var cursor = head.cursor(Bytes.EMPTY);
      while (cursor.next()) {
        if (Keys.kindOf(cursor.key()) == Keys.EXTENT) {
          return Keys.inodeOf(cursor.key());
        }
      }
    }
    throw new AssertionError("no file");
  }

  @Test
  void aSegmentThatIsLost() throws IOException {
    region.close();
    try (DirectoryStream<Path> segments =
        java.nio.file.Files.newDirectoryStream(
            directory.resolve("home/store/segments/" + SUBREGION), "00000001-*")) {
      for (Path segment : segments) {
        java.nio.file.Files.delete(segment);
      }
    }
    open();
    Collector scrubbed = new Collector();
    region.upkeep().scrub(0, true, scrubbed);
    assertEquals(
        List.of("clone", "data"),
        scrubbed.found.stream()
            .map(each -> each.replaceAll("[:@ ].*", ""))
            .distinct()
            .sorted()
            .toList(),
        scrubbed.found.toString());
    assertEquals(
        List.of("clone", "data"),
        problems().stream()
            .map(each -> each.replaceAll("[:@ ].*", ""))
            .distinct()
            .sorted()
            .toList());
  }

  @Test
  void whatACrashKeptFromTheMapIsToldAtTheNextStart() throws IOException {
    Volume volume = region.volume("data");
    Volume clone = region.volume("clone");
    restartAfter(
        (catalog, store) -> {
          VolumeRows rows = new VolumeRows(catalog, Clock.systemUTC());
          rows.setSize(volume, 2 * Sizes.GIB);
          rows.rename(clone, "other");
          new TagRows(catalog).set(volume.accountId(), List.of(clone.id()), Map.of("k", "v"));
        });
    assertEquals(List.of(), problems());
    assertEquals(2 * Sizes.GIB, region.volume("data").sizeBytes());
    assertEquals(Map.of("k", "v"), region.volume("other").tags());
  }
}
