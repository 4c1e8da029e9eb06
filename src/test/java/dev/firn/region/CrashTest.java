package dev.firn.region;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.ErrorKind;
import dev.firn.base.Sizes;
import dev.firn.map.MapStore;
import dev.firn.map.VolumeMap;
import dev.firn.snapshot.Files;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotState;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.VolumeKind;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a start makes of a home whose process died between two steps. Each test puts the home into
 * the state between these steps by hand.
 */
class CrashTest {
  @TempDir Path directory;
  private Region region;

  @BeforeEach
  void makeVolume() throws IOException {
    open();
    region.createVolume(VolumeRequest.empty("data", Sizes.GIB));
    try (FileSystem files = region.openVolume("data", false)) {
      new Files(files).write("a", "text");
    }
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

  private static void setState(Catalog catalog, Snapshot snapshot, SnapshotState state) {
    new SnapshotRows(catalog, Clock.systemUTC()).setState(snapshot.number(), state, 0, null);
  }

  private static void drop(MapStore store, Snapshot snapshot) throws IOException {
    try (VolumeMap map = store.open(snapshot.volumeNumber())) {
      assertTrue(map.dropFrozen(snapshot.number()));
    }
  }

  private List<Long> frozen(long volumeNumber) throws IOException {
    region.close();
    try (MapStore store = MapStore.open(directory.resolve("home/store"), List.of("local-1a"))) {
      List<Long> numbers =
          store.open(volumeNumber).frozenRoots().stream()
              .map(VolumeMap.FrozenRoot::number)
              .toList();
      return numbers;
    } finally {
      open();
    }
  }

  private List<Long> maps() throws IOException {
    region.close();
    try (MapStore store = MapStore.open(directory.resolve("home/store"), List.of("local-1a"))) {
      return store.list();
    } finally {
      open();
    }
  }

  private Snapshot take(String name) throws IOException {
    return region.createSnapshot("data", name, null, Map.of());
  }

  @Test
  void snapshotThatWasFrozenIsCompleted() throws IOException {
    Snapshot queued = take("queued");
    Snapshot pending = take("pending");
    restartAfter(
        (catalog, store) -> {
          setState(catalog, queued, SnapshotState.IN_QUEUE);
          setState(catalog, pending, SnapshotState.PENDING);
        });
    assertEquals(queued, region.snapshot("queued"));
    assertEquals(pending, region.snapshot("pending"));
    try (FileSystem files = region.openSnapshot("pending")) {
      assertEquals("text", new Files(files).read("a"));
    }
  }

  @Test
  void snapshotThatWasNotFrozenIsAnError() throws IOException {
    Snapshot queued = take("queued");
    Snapshot pending = take("pending");
    restartAfter(
        (catalog, store) -> {
          setState(catalog, queued, SnapshotState.IN_QUEUE);
          setState(catalog, pending, SnapshotState.PENDING);
          drop(store, queued);
          drop(store, pending);
        });
    for (String name : List.of("queued", "pending")) {
      Snapshot failed = region.snapshot(name);
      assertEquals(SnapshotState.ERROR, failed.state());
      assertTrue(failed.failure().contains("take another"), failed.failure());
      Errors.of(ErrorKind.CONFLICT, "error", () -> region.openSnapshot(name));
    }
    take("queued");
    region.deleteSnapshots(List.of(queued.id(), pending.id()));
    assertEquals(1, region.snapshots(null).size());
  }

  @Test
  void deletionGoesOn() throws IOException {
    Snapshot whole = take("whole");
    Snapshot dropped = take("dropped");
    Snapshot stays = take("stays");
    restartAfter(
        (catalog, store) -> {
          setState(catalog, whole, SnapshotState.DELETING);
          setState(catalog, dropped, SnapshotState.DELETING);
          drop(store, dropped);
        });
    assertEquals(List.of(stays), region.snapshots(null));
    assertEquals(List.of(stays.number()), frozen(stays.volumeNumber()));
  }

  @Test
  void deletionBehindAReaderGoesOnAtTheNextStart() throws IOException {
    take("read");
    FileSystem reader = region.openSnapshot("read");
    region.deleteSnapshots(List.of("read"));
    region.close();
    open();
    assertEquals(List.of(), region.snapshots(null));
    reader.close();
  }

  private static Volume wanted(String name) {
    return new Volume(
        null,
        0,
        name,
        VolumeKind.FILESYSTEM,
        1,
        VolumeState.CREATING,
        "lz4",
        "local-1a",
        null,
        null,
        Snapshot.OWNER_ACCOUNT_ID,
        Map.of());
  }

  @Test
  void halfMadeVolumesGo() throws IOException {
    long[] numbers = new long[2];
    restartAfter(
        (catalog, store) -> {
          VolumeRows rows = new VolumeRows(catalog, Clock.systemUTC());
          numbers[0] = rows.insert(wanted("one"), VolumeOffer.STANDARD, null).number();
          numbers[1] = rows.insert(wanted("two"), VolumeOffer.STANDARD, null).number();
          store.create(numbers[1], new MapStore.VolumeOptions("local-1a", "lz4")).close();
        });
    assertEquals(List.of("data"), region.volumes().stream().map(Volume::name).toList());
    assertEquals(List.of(region.volume("data").number()), maps());
    region.createVolume(VolumeRequest.empty("one", Sizes.GIB));
  }

  @Test
  void halfDeletedVolumesGoAndTheirSnapshotsStay() throws IOException {
    Snapshot snapshot = take("kept");
    Volume bare = region.createVolume(VolumeRequest.empty("bare", Sizes.GIB));
    Volume gone = region.createVolume(VolumeRequest.empty("gone", Sizes.GIB));
    restartAfter(
        (catalog, store) -> {
          VolumeRows rows = new VolumeRows(catalog, Clock.systemUTC());
          rows.setState(snapshot.volumeNumber(), VolumeState.DELETING);
          rows.setState(bare.number(), VolumeState.DELETING);
          rows.setState(gone.number(), VolumeState.DELETING);
          store.delete(gone.number());
        });
    assertEquals(List.of(), region.volumes());
    assertEquals(List.of(snapshot.volumeNumber()), maps());
    try (FileSystem files = region.openSnapshot("kept")) {
      assertEquals("text", new Files(files).read("a"));
    }
    region.deleteSnapshots(List.of("kept"));
    assertEquals(List.of(), maps());
  }

  @Test
  void lastSnapshotOfADeletedVolumeGoesWithItsMap() throws IOException {
    Snapshot first = take("first");
    Snapshot second = take("second");
    region.deleteVolume("data");
    restartAfter(
        (catalog, store) -> {
          setState(catalog, first, SnapshotState.DELETING);
          setState(catalog, second, SnapshotState.DELETING);
          store.delete(first.volumeNumber());
        });
    assertEquals(List.of(), region.snapshots(null));
    assertEquals(List.of(), maps());
  }

  @Test
  void importsThatWereNotPublishedGo() throws IOException {
    long[] numbers = new long[2];
    restartAfter(
        (catalog, store) -> {
          ImportRows rows = new ImportRows(catalog, Clock.systemUTC());
          numbers[0] = rows.insert(Snapshot.OWNER_ACCOUNT_ID, "one", false);
          numbers[1] = rows.insert(Snapshot.OWNER_ACCOUNT_ID, "two", false);
          VolumeMap map = store.create(numbers[1], new MapStore.VolumeOptions("local-1a", "lz4"));
          map.freezeAs(77, new byte[0]);
          map.commit();
          map.close();
        });
    assertEquals(List.of(), region.snapshots(null));
    assertEquals(List.of(region.volume("data").number()), maps());
  }

  @Test
  void mapsThatTheCatalogDoesNotKnowAreLeftAlone() throws IOException {
    restartAfter(
        (catalog, store) ->
            store.create(99, new MapStore.VolumeOptions("local-1a", "lz4")).close());
    assertEquals(List.of(region.volume("data").number(), 99L), maps());
  }

  @Test
  void damagedVolumeDoesNotKeepTheOthersFromOpening() throws IOException {
    Snapshot taken = take("s");
    region.createVolume(VolumeRequest.empty("good", Sizes.GIB));
    restartAfter(
        (catalog, store) -> {
          setState(catalog, taken, SnapshotState.PENDING);
          Path superblock =
              directory.resolve(
                  String.format("home/store/volumes/%08x.super", taken.volumeNumber()));
          java.nio.file.Files.write(
              superblock, new byte[(int) java.nio.file.Files.size(superblock)]);
        });
    assertEquals(SnapshotState.PENDING, region.snapshot("s").state());
    assertNull(region.snapshot("s").failure());
    region.openVolume("good", false).close();
  }
}
